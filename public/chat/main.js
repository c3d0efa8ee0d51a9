// What the page of the chat does beside Chainlit: one module for each concern.
import "./language.js"
import "./accessible.js"
import "./scope.js"
