// Keeps every lesson as it was last seen; questions are answered by the node.
"use strict";
const STORE = "accord-learn";
const PAGES = ["/learn", "/learn/phishing", "/learn/malware", "/learn/scam", "/learn/impersonation"];
const PARTS = ["/style.css", "/learn.js", "/learn/icon.svg", "/learn/manifest.json"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([...PAGES, ...PARTS])));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || ![...PAGES, ...PARTS].includes(url.pathname)) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) (await caches.open(STORE)).put(event.request, answer.clone());
        return answer;
      })
      .catch(async () => (await caches.match(event.request)) ?? (await caches.match(url.pathname)) ?? Response.error()),
  );
});
