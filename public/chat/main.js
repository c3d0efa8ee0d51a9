// What the page of the chat does beside Chainlit: one module for each concern.
import "./accessible.js"
import "./citations.js"
import "./timeline.js"
import "./transcript.js"
