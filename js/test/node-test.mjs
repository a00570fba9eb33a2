// The same with the test runner of Node: `node --test test/node-test.mjs`.
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";

import { useLlm } from "../src/index.js";
import { ask } from "./ask.mjs";

const llm = useLlm({ hooks: { after, afterEach, beforeEach } });

test("answers the official client", async () => {
  await llm.reply("Hello");
  assert.equal(await ask(), "Hello");
});

test("a reply that nobody fetched fails the test", { todo: "fails on purpose" }, async () => {
  await llm.reply("never fetched");
});
