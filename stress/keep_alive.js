// Clients that pause for about as long as the server keeps an idle connection must not lose a request.
//
//     node stress/keep_alive.js http://127.0.0.1:8000 [pauses in ms, such as 4900,4950,5000]
//
// Needs a running server and Node.js 18 or later. Each request is a POST, which no client sends again by itself. It uses both
// clients of Node: `http.Agent`, which keeps connections for longer than the server, and `fetch`. Exit code 1 if a request got no
// answer.
"use strict";
const http = require("node:http");

const base = process.argv[2] || "http://127.0.0.1:8000";
const pauses = (process.argv[3] || "4800,4900,4950,4980,4990,5000,5005,5010,5020,5050,5100").split(",").map(Number);
const clientsPerPause = 10;
const url = base + "/api/token/verify/";
const body = JSON.stringify({ token: "x" });
const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };

function byAgent() {
  const agent = new http.Agent({ keepAlive: true, timeout: 60000 });
  return () => new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function byFetch() {
  return async () => {
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    await response.text();
    return response.status;
  };
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function client(send, pause, lost) {
  for (let turn = 0; turn < 4; turn++) {
    try {
      if (await send() !== 401) lost.push("another status");
    } catch (error) {
      lost.push(error.code || (error.cause && error.cause.code) || error.message);
    }
    await sleep(pause);
  }
  return 4;
}

async function main() {
  let failed = false;
  for (const [name, make] of [["http.Agent", byAgent], ["fetch", byFetch]]) {
    const lost = [];
    const clients = pauses.flatMap((pause) => Array.from({ length: clientsPerPause }, () => client(make(), pause, lost)));
    const sent = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
    console.log(`${name}: ${sent} requests, ${lost.length} without an answer ${[...new Set(lost)].join(", ")}`);
    failed = failed || lost.length > 0;
  }
  process.exit(failed ? 1 : 0);
}

main();
