// What the page of the chat does beside Chainlit: one module for each concern.
import "./language.js"
import "./accessible.js"
import "./citations.js"
import "./timeline.js"
import "./transcript.js"
import "./scope.js"
import "./dropping.js"
import "./tasks.js"
