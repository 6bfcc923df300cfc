// "Is this dangerous?" answered on the reader's side: only 16 bits of a hash are sent, or nothing.
"use strict";
(() => {
const STORE = "accord-list";
const MOST = 20;
const form = document.getElementById("check");
const out = document.getElementById("answer");
const how = document.getElementById("how");

const language = document.documentElement.lang;

let words = {};
let knowledge = null;
let suffixes = null;

// A message in the language of the page; what has no translation is said as it stands.
function say(message, values = {}) {
  return (words[message] ?? message).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

async function know() {
  if (knowledge) return;
  const [told, listed] = await Promise.all([fetch("/check/knowledge.json"), fetch("/check/suffixes.txt")]);
  if (!told.ok || !listed.ok) throw new Error("no list");
  suffixes = rules(await listed.text());
  knowledge = await told.json();
}

// The Public Suffix List: rules by name; "*" stands for a label, "!" for an exception.
function rules(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    let rule = line.trim().split(/\s/)[0];
    if (!rule || rule.startsWith("//")) continue;
    const kind = rule.startsWith("!") ? "!" : rule.startsWith("*.") ? "*" : "";
    rule = rule.replace(/^!|^\*\./, "");
    if (/[^\x00-\x7f]/.test(rule)) rule = hostOf(`http://${rule}/`) || rule;
    found.set(rule.toLowerCase(), (found.get(rule.toLowerCase()) ?? "") + (kind || "."));
  }
  return found;
}

const isAddress = (name) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name);

function registrable(name) {
  if (isAddress(name)) return name;
  const labels = name.split(".");
  for (let at = 0; at < labels.length; at++) {
    const here = labels.slice(at).join(".");
    const kinds = suffixes.get(here) ?? "";
    if (kinds.includes("!")) return here;
    const above = suffixes.get(labels.slice(at + 1).join(".")) ?? "";
    if (kinds.includes(".") || above.includes("*") || at === labels.length - 1) {
      return at ? labels.slice(at - 1).join(".") : name;
    }
  }
  return name;
}

function names(name) {
  const labels = name.split(".");
  const least = registrable(name).split(".").length;
  return labels.slice(0, labels.length - least + 1).map((_, at) => labels.slice(at).join("."));
}

const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+$/;

function parsed(text) {
  if (text.length > 2048) return null;
  let url;
  try { url = new URL(text); } catch { return null; }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return NAME.test(url.hostname.replace(/\.+$/, "")) ? url : null;
}

function hostOf(text) {
  const url = parsed(text);
  return url ? url.hostname.replace(/\.+$/, "") : "";
}

function bareHost(text) {
  return !text || /[\s/\\?#@%:<>[\]]/.test(text) ? "" : hostOf(`http://${text}/`);
}

function link(text) {
  const url = parsed(text);
  if (!url) return "";
  const port = url.port ? `:${url.port}` : "";
  return `${url.protocol}//${hostOf(text)}${port}${url.pathname}${url.search}`;
}

const BROKEN = [
  [/\[(?:\.|dot)\]|\((?:\.|dot)\)|\{\.\}/gi, "."], [/\[:\]/g, ":"],
  [/\[(?:@|at)\]/gi, "@"], [/(?<![\p{L}\p{N}_])hxxp/giu, "http"],
];
const READERS = [
  [/https?:\/\/[^\s<>"'`{}|\\^]{1,2000}/gi, (text, whole) => links(text.replace(/[.,;:!?)\]}>'"\u3002\u3001]+$/, ""), whole)],
  [/[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{3,253}/g, mail],
  [/(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9A-Za-z])/gi,
    (text) => [{kind: "hash", value: text.toLowerCase(), remarks: []}]],
  [/(?<![\p{L}\p{N}_+])\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])/gu,
    (text) => [{kind: "phone", value: "+" + text.replace(/[^0-9]/g, ""), remarks: []}]],
  [/(?<![\p{L}\p{N}_.@/-])(?:[\p{L}\p{N}_-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}_-])/gu, (text) => {
    const name = bareHost(text);
    return name ? [{kind: "domain", value: name, remarks: remarks(name)}] : [];
  }],
];

function read(given) {
  const text = given.trim();
  const app = /^app:([A-Za-z][\w-]*(?:\.[\w-]+)+|id[0-9]{5,12})$/.exec(text);
  if (app) return [{kind: "app", value: app[1].toLowerCase(), remarks: []}];
  const one = /^[^\s@]{1,2000}$/.test(text);
  if (one && isAddress(bareHost(text))) return [{kind: "domain", value: bareHost(text), remarks: remarks(bareHost(text))}];
  let rest = one && text.includes("/") && !text.includes("://") ? `http://${text}` : text;
  const whole = rest;
  for (const [broken, by] of BROKEN) rest = rest.replace(broken, by);
  const found = new Map();
  for (const [pattern, reader] of READERS) {
    rest = rest.replace(pattern, (match) => {
      const things = reader(match, whole);
      for (const thing of things) {
        const key = `${thing.kind} ${thing.value}`;
        if (!found.has(key)) found.set(key, thing);
      }
      return things.length ? " " : match;
    });
  }
  return [...found.values()].slice(0, MOST);
}

function mail(text) {
  const [, name, at] = /^(.*)@([^@]*)$/.exec(text.replace(/^\.+|\.+$/g, "")) ?? [];
  const host = bareHost(at ?? "");
  const fits = host && name && !/^\.|\.$|\.\./.test(name) && name.length <= 64;
  return fits ? [{kind: "mail", value: `${name}@${host}`.toLowerCase(), remarks: []}] : [];
}

function links(text, whole) {
  const value = link(text);
  if (!value) return [];
  const told = new URL(text).username && whole.includes("@")
    ? [{message: "What stands before the @ means nothing: it opens {host}.", values: {host: hostOf(text)}}] : [];
  return follow(value, told, 3);
}

function follow(value, told, depth) {
  const found = [];
  const store = /^https?:\/\/(?:play\.google\.com\/store\/apps\/details\?(?:[^#]*&)?id=([\w.]{3,150})|apps\.apple\.com\/(?:[^?#]*\/)?(id[0-9]{5,12}))/.exec(value);
  if (store) found.push({kind: "app", value: (store[1] ?? store[2]).toLowerCase(), remarks: []});
  found.push({kind: "link", value, remarks: [...told, ...remarks(hostOf(value))]});
  if (depth) {
    const inner = [...new URL(value).searchParams.values()].map((one) => link(one.trim())).filter(Boolean);
    for (const one of inner.slice(0, MOST)) found.push(...follow(one, [{message: "{host} sends on to it.", values: {host: hostOf(value)}}], depth - 1));
  }
  return found;
}

function remarks(name) {
  const found = [];
  if (knowledge.shorteners.includes(name)) found.push({message: "A short link: what it opens cannot be seen from it."});
  if (name.includes("xn--")) found.push({message: "Its name has letters of other scripts, or accents."});
  if (isAddress(name)) found.push({message: "It is a bare number instead of a name."});
  return found;
}

function host(thing) {
  if (thing.kind === "link") return hostOf(thing.value);
  if (thing.kind === "domain") return thing.value;
  return thing.kind === "mail" ? thing.value.slice(thing.value.lastIndexOf("@") + 1) : "";
}

function expressions(thing) {
  const above = host(thing) ? names(host(thing)) : [];
  if (thing.kind === "link") {
    const whole = thing.value.slice(thing.value.indexOf("://") + 3);
    return [...new Set([...above, whole, whole.split("?")[0]])];
  }
  return thing.kind === "domain" ? above : [...above, `${thing.kind}:${thing.value}`];
}

async function hashed(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

async function lookup(thing) {
  const name = host(thing);
  const prefix = hex((await hashed(name ? registrable(name) : `${thing.kind}:${thing.value}`)).slice(0, 2));
  const kept = "caches" in window ? await caches.match("/check/list", {cacheName: STORE}) : undefined;
  const answer = kept ?? (await fetch(`/check/prefix/${prefix}`, {cache: "no-store"}));
  if (!answer.ok) throw new Error("no list");
  const records = new Uint8Array(await answer.arrayBuffer());
  const held = new Map();
  for (let at = 0; at + 33 <= records.length; at += 33) {
    if (records[at + 32]) held.set(hex(records.subarray(at, at + 32)), records[at + 32]);
  }
  let category = 0;
  for (const text of expressions(thing)) {
    const code = held.get(hex(await hashed(text))) ?? 0;
    if (code && (!category || code < category)) category = code;
  }
  return category;
}

// The breaches in which a mail address or number stands, by 20 bits; with the list kept, none is asked.
async function breaches(thing) {
  if (thing.kind !== "mail" && thing.kind !== "phone") return [];
  if (!knowledge.breaches.length || ("caches" in window && await caches.match("/check/list", {cacheName: STORE}))) return [];
  const own = hex(await hashed(thing.value));
  const answer = await fetch(`/check/breach/${own.slice(0, 5)}`, {cache: "no-store"});
  if (!answer.ok) throw new Error("no list");
  const records = new Uint8Array(await answer.arrayBuffer());
  const found = [];
  for (let at = 0; at + 34 <= records.length; at += 34) {
    const number = records[at + 32] * 256 + records[at + 33];
    if (number && hex(records.subarray(at, at + 32)) === own) found.push(knowledge.breaches[number - 1]);
  }
  return found;
}

function skeleton(label) {
  const plain = unicode(label).toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  let text = Array.from(plain, (one) => knowledge.alike[one] ?? one).join("");
  text = text.replaceAll("rn", "m").replaceAll("vv", "w");
  const alike = {0: "o", 1: "l", i: "l", 5: "s"};
  return Array.from(text, (one) => alike[one] ?? one).join("");
}

// Punycode, as RFC 3492 decodes it.
function unicode(label) {
  if (!label.startsWith("xn--")) return label;
  const text = label.slice(4);
  const cut = text.lastIndexOf("-");
  const found = cut > 0 ? Array.from(text.slice(0, cut)) : [];
  let [n, i, bias, at] = [128, 0, 72, cut > 0 ? cut + 1 : 0];
  while (at < text.length) {
    const before = i;
    for (let w = 1, k = 36; ; k += 36) {
      const code = text.charCodeAt(at++);
      const digit = code < 58 ? code - 22 : code - 97;
      if (!(digit >= 0 && digit < 36)) return label;
      i += digit * w;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < t) break;
      w *= 36 - t;
    }
    const many = found.length + 1;
    let delta = before === 0 ? Math.floor((i - before) / 700) : Math.floor((i - before) / 2);
    delta += Math.floor(delta / many);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    n += Math.floor(i / many);
    i %= many;
    if (n > 0x10ffff) return label;
    found.splice(i++, 0, String.fromCodePoint(n));
  }
  return found.join("");
}

function oneSlip(first, second) {
  if (Math.abs(first.length - second.length) > 1) return false;
  let start = 0;
  while (start < Math.min(first.length, second.length) && first[start] === second[start]) start++;
  const [one, two] = [first.slice(start), second.slice(start)];
  return one.slice(1) === two.slice(1) || one.slice(1) === two || one === two.slice(1)
    || (one.length > 1 && two.length > 1 && one[0] === two[1] && one[1] === two[0] && one.slice(2) === two.slice(2));
}

function looksLike(name) {
  if (!name || isAddress(name)) return null;
  const own = registrable(name);
  if (knowledge.spared.includes(own) || knowledge.protected.some(([its]) => its === own)) return null;
  const label = own.split(".")[0];
  const looks = skeleton(label);
  const tokens = new Set(label.split(/[-_]/).map(skeleton));
  const labels = name.split(".");
  const before = labels.slice(0, labels.length - own.split(".").length);
  for (const [its, owner] of knowledge.protected) {
    if (alike(label, looks, tokens, its.split(".")[0]) || inside(labels, before, its)) return [its, owner];
  }
  return null;
}

function alike(label, looks, tokens, its) {
  const same = skeleton(its);
  if (knowledge.common.includes(its)) return looks === same && label !== its;
  if (looks === same) return label !== its || its.length >= 4;
  if (its.length >= 5 && tokens.size > 1 && tokens.has(same)) return true;
  return its.length >= 6 && oneSlip(looks, same);
}

function inside(labels, before, its) {
  const parts = its.split(".");
  const joined = parts.join("-");
  const whole = before.some((_, at) => before.slice(at, at + parts.length).join(".") === its);
  return whole || before.includes(joined) || labels[before.length] === joined;
}

async function judge(thing) {
  const code = await lookup(thing);
  thing.remarks.push(...(await breaches(thing)));
  thing.remarks = thing.remarks.map(({message, values}) => say(message, values));
  if (code) {
    const {name, why, now} = knowledge.categories[code - 1];
    return {rank: 0, verdict: "dangerous", said: say("Known dangerous: {category}. {why}", {category: say(name), why: say(why)}), now: say(now), thing};
  }
  const like = looksLike(host(thing));
  if (like) return {rank: 1, verdict: "lookalike", said: say("Looks like {name} ({owner}), and is not it.", {name: like[0], owner: like[1]}), now: say(knowledge.looks), thing};
  return {rank: 2, verdict: "unknown", said: say("Not known to us."), now: say(knowledge.unknown), thing};
}

function paragraph(text, name) {
  const made = document.createElement("p");
  const within = name ? made.appendChild(document.createElement(name)) : made;
  within.textContent = text;
  return made;
}

function show(found) {
  out.replaceChildren(...found.map((one) => {
    const box = document.createElement("div");
    box.className = `answer ${one.verdict}`;
    const shown = one.thing.value.length > 200 ? `${one.thing.value.slice(0, 200)}\u2026` : one.thing.value;
    box.append(paragraph(one.said, "strong"), paragraph(shown, "code"),
      ...one.thing.remarks.map((remark) => paragraph(remark)), paragraph(one.now));
    return box;
  }));
  const wrong = paragraph(`${say("Is this answer wrong?")} `);
  wrong.className = "quiet";
  const appeal = wrong.appendChild(document.createElement("a"));
  appeal.href = `/appeal${location.search}`;
  appeal.textContent = say("Tell us");
  out.append(wrong);
}

async function check(text) {
  await know();
  const things = read(text);
  const found = await Promise.all(things.map(judge));
  return found.sort((one, other) => one.rank - other.rank);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  out.replaceChildren(paragraph(say("One moment\u2026")));
  try {
    const found = await check(document.getElementById("text").value);
    if (found.length) show(found);
    else out.replaceChildren(paragraph(say("There is no link, address, telephone number with + or hash in it.")));
  } catch {
    out.replaceChildren(paragraph(say("We cannot look it up now. Do not open it; try again later.")));
  }
});

async function keepList() {
  const store = await caches.open(STORE);
  await store.add("/check/list");
  await navigator.serviceWorker.register("/check-worker.js", {scope: "/check"});
  await navigator.serviceWorker.ready;
  const shown = await caches.open("accord-check");
  await shown.put("/check", await fetch(location.href));
  if (language !== "en") await shown.add(WORDS);
  how.textContent = say(KEPT);
}

async function forgetList() {
  await caches.delete(STORE);
  how.textContent = say(SENT);
}

const WORDS = `/check/words/${language}.json`;
const SENT = "Only 16 or 20 bits of a hash are sent, which very many share; the text stays with you.";
const KEPT = "The list is on this device: nothing is sent. Keep it again to renew it.";

async function begin() {
  if (language !== "en") {
    const told = await fetch(WORDS).catch(() => null);
    if (told && told.ok) words = await told.json();
  }
  how.textContent = say(SENT);
  if (!("caches" in window) || !("serviceWorker" in navigator)) return;
  const keep = document.createElement("button");
  const forget = document.createElement("button");
  for (const [button, text, act] of [[keep, "Keep the list on this device", keepList], [forget, "Remove the list", forgetList]]) {
    button.type = "button";
    button.textContent = say(text);
    button.addEventListener("click", () => act().catch(() => { how.textContent = say("That did not work; nothing was changed."); }));
  }
  const line = document.createElement("p");
  line.className = "actions";
  line.append(keep, forget);
  form.after(line);
  if (await caches.match("/check/list", {cacheName: STORE})) how.textContent = say(KEPT);
}

window.accordCheck = check;
begin();
})();
