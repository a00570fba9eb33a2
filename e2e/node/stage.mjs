// The client as every script uses it, and how a script tells that all is well.
import OpenAI from 'openai';

export { OpenAI };
export const { PROMPT, ANSWER, KEY } = process.env;
export const model = 'gpt-4o-mini';
export const messages = [{ role: 'user', content: PROMPT }];

export function client(apiKey = 'none') {
  return new OpenAI({ baseURL: process.env.BASE_URL, apiKey, maxRetries: 0, timeout: 10_000 });
}

/** The error that this promise is rejected with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('there was an answer where a refusal was expected');
}

export async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');

export function well() {
  console.log('well');
}
