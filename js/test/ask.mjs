import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

/** Asks with the real client, which finds the double by the usual variables. */
export async function ask(text = "Hi") {
  const client = new OpenAI({ maxRetries: 0, timeout: 10_000 });
  const messages = [{ role: "user", content: text }];
  return (await client.chat.completions.create({ model: "gpt-4o-mini", messages })).choices[0].message.content;
}

/** The same with the client of the other vendor. */
export async function askClaude(text = "Hi", more = {}) {
  const client = new Anthropic({ maxRetries: 0, timeout: 10_000 });
  const messages = [{ role: "user", content: text }];
  return (await client.messages.create({ model: "claude-haiku-4-5", max_tokens: 100, messages, ...more })).content[0].text;
}
