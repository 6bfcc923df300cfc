// Keeps the page of the check on the device, so that it works without a network.
"use strict";
const STORE = "accord-check";
const PAGE = ["/check", "/check.js", "/style.css", "/check/knowledge.json", "/check/suffixes.txt"];

const kept = (path) => PAGE.includes(path) || path.startsWith("/check/words/");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(PAGE)));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !kept(url.pathname)) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) (await caches.open(STORE)).put(url.pathname, answer.clone());
        return answer;
      })
      .catch(async () => (await caches.match(url.pathname)) ?? Response.error()),
  );
});
