// Keeps the lessons on the device, so that they are there without a network. They need no script.
"use strict";
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/learn-worker.js", {scope: "/learn"}).catch(() => {});
}
