// What the page of the chat does beside Chainlit: one module for each concern.
import "./accessible.js"
import "./dropping.js"
import "./tasks.js"
