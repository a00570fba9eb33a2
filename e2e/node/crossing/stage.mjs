// What the scripts of clients across protocols share: where the server is, and how the double behind it is told what to say.
const { URL: url, DOUBLE: double, NAMESPACE: namespace, PROMPT, ANSWER } = process.env;
export { PROMPT, url };
// The protocol of a provider is found by the model's name.
export const chatModel = 'gpt-4o-mini';
export const messagesModel = 'claude-haiku-4-5';
export const TEXT = `The quick brown fox jumps over the lazy dog. ${ANSWER}`;
export const ADVICE = `Take an umbrella. ${ANSWER}`;
export const HAMLET = { title: `Hamlet ${ANSWER}`, year: 1601 };
export const WEATHER = [
  { when: { tool_result: { name: 'get_weather', content: 'rain in Oslo' } }, reply: ADVICE },
  { when: { tools: ['get_weather'] }, reply: { tool_calls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] } },
];

const control = (method, path, body) =>
  fetch(`${double}/__playhouse/namespaces/${namespace}/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });

/** Forgets what was asked, and follows a script: `await script({ reply: 'Hello' }, …)`. */
export async function script(...rules) {
  for (const answer of [await control('POST', 'reset', {}), await control('PUT', 'script', { rules })]) {
    if (!answer.ok) throw new Error(await answer.text());
  }
}

/** The protocols in which the double was asked since then, each once. */
export async function asked() {
  const { calls } = await (await control('GET', 'calls')).json();
  return [...new Set(calls.map((call) => call.protocol))];
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
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

export function well() {
  console.log('well');
}
