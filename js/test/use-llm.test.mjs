import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";

import { Llm, LlmServer, useLlm } from "../src/index.js";
import { ask, askClaude } from "./ask.mjs";

describe("a test's own double", () => {
  const llm = useLlm({ hooks: { afterAll, afterEach, beforeEach } });

  test("answers the official client", async () => {
    await llm.reply("Hello");
    expect(await ask("Greet me")).toBe("Hello");
    const [call] = await llm.calls();
    expect(call).toMatchObject({ user: "Greet me", model: "gpt-4o-mini", status: 200 });
    expect(JSON.stringify(call.headers)).not.toContain(llm.apiKey);
  });

  test("answers the client of Anthropic by the same script", async () => {
    await llm.reply("one");
    await llm.reply("two");
    await llm.fail(529);
    expect([await ask(), await askClaude("Greet me")]).toEqual(["one", "two"]);
    await expect(askClaude()).rejects.toMatchObject({ status: 529 });
    expect((await llm.calls())[1]).toMatchObject({ user: "Greet me", model: "claude-haiku-4-5", status: 200 });
  });

  test("refuses what Anthropic refuses", async () => {
    await expect(askClaude("Hi", { temperature: 1.5 })).rejects.toThrow(/range: 0..1/);
    await expect(askClaude("Hi", { temperature: 1.5 })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });

  test("forgets between tests", async () => {
    expect(await llm.calls()).toEqual([]);
    expect(await ask("echo")).toBe("echo");
  });

  test("replies in turn and by condition", async () => {
    await llm.reply("sunny", { when: "weather", times: null });
    await llm.reply("one");
    await llm.reply({ text: "two", finish: "stop" });
    expect([await ask(), await ask("weather"), await ask(), await ask("weather")]).toEqual(["one", "sunny", "two", "sunny"]);
  });

  test("follows a script", async () => {
    await llm.script("rules: [{reply: from YAML}]");
    expect(await ask()).toBe("from YAML");
    await llm.script({ rules: [{ reply: "from an object" }] });
    expect(await ask()).toBe("from an object");
  });

  test("fails as it is told", async () => {
    await llm.fail(429);
    await llm.fail("reset_before_headers");
    await llm.reply("ok");
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    expect(await ask()).toBe("ok");
  });

  test("sets the variables", () => {
    expect(process.env).toMatchObject({ OPENAI_BASE_URL: llm.baseURL, OPENAI_API_KEY: llm.apiKey });
    expect(process.env).toMatchObject({ ANTHROPIC_BASE_URL: llm.anthropicBaseURL, ANTHROPIC_API_KEY: llm.apiKey });
  });

  test("says what is wrong with a rule", async () => {
    await expect(llm.reply({ txt: "Hello" })).rejects.toThrow(/unknown key 'txt'[^]*did you mean 'text'/);
  });
});

describe("verification", () => {
  const llm = useLlm({ hooks: { afterAll, afterEach, beforeEach } });

  afterEach(() => {
    llm.strict = false;
  });

  test("names what was expected and what came", async () => {
    await llm.reply("ok");
    await ask("the weather in Oslo");
    await llm.verify({ calls: [{ when: { user: "Oslo" }, times: 1 }], total: 1 });
    await expect(llm.verify({ calls: [{ when: { user: "Rome" }, times: 1 }] })).rejects.toThrow(/Rome[^]*Oslo/);
  });

  test("fails for a reply that nobody fetched", async () => {
    await llm.reply("one");
    await llm.reply("two");
    await ask();
    await expect(llm.verifyEnd()).rejects.toThrow(/every rule to have given all[^]*rule 2[^]*1 answer is left/);
  });

  test("fails for a request that matched nothing", async () => {
    await llm.reply("sunny", { when: "weather", times: null });
    await ask("weather");
    await expect(ask("the time")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(llm.verifyEnd()).rejects.toThrow(/no rule matched #2[^]*the time/);
  });
});

test("the variables are set back", () => {
  expect(process.env.OPENAI_BASE_URL).toBeUndefined();
  expect(process.env.ANTHROPIC_BASE_URL).toBeUndefined();
});

test("a double is told when it is used outside of a test", () => {
  const llm = useLlm({ hooks: { beforeEach() {}, afterEach() {} } });
  expect(() => llm.reply).toThrow(/within one/);
});

test("a program that is not there is told", async () => {
  await expect(LlmServer.start({ binary: "no-such-program" })).rejects.toThrow(/no such program; install playhouse or set PLAYHOUSE_BINARY/);
});

test("doubles side by side share nothing", async () => {
  const server = await LlmServer.start();
  const one = async (number) => {
    const llm = new Llm(server, `side-${number}`);
    await llm.reply(`${number}`);
    const client = new OpenAI({ baseURL: llm.baseURL, apiKey: llm.apiKey, maxRetries: 0 });
    const messages = [{ role: "user", content: "Hi" }];
    const answer = await client.chat.completions.create({ model: "gpt-4o-mini", messages });
    await llm.verifyEnd();
    return answer.choices[0].message.content;
  };
  const numbers = Array.from({ length: 24 }, (_, number) => number);
  expect(await Promise.all(numbers.map(one))).toEqual(numbers.map(String));
  await server.close();
});
