// What every client of the TypeScript SDK does: list, call with progress, read what the call stored, complete an argument, cancel, and list
// again. The last line of standard output is what it saw, as JSON; clients_test.go judges it.
import { createInterface } from 'node:readline';

// plan says where the server is and what to call; clients_test.go has its fields.
export const plan = JSON.parse(process.argv[2]);

export async function battery(client, transport, callTool) {
  const seen = { revision: '', tools: [], progress: [], content: '', completion: [] };
  const set = transport.setProtocolVersion?.bind(transport); // version 1 tells nobody else what was negotiated
  transport.setProtocolVersion = revision => { seen.revision = revision; set?.(revision); };
  await client.connect(transport);
  seen.revision = client.getNegotiatedProtocolVersion?.() ?? seen.revision;
  const names = async () => (await client.listTools()).tools.map(tool => tool.name);
  seen.tools = await names();

  const result = await callTool(plan.call, { onprogress: p => seen.progress.push(p.progress) });
  seen.isError = result.isError === true;
  const link = result.content.find(c => c.type === 'resource_link');
  seen.uri = link?.uri ?? '';
  if (link) {
    const [content] = (await client.readResource({ uri: link.uri })).contents;
    seen.content = content.blob ?? Buffer.from(content.text).toString('base64');
  }

  try {
    seen.completion = (await client.complete(plan.complete)).completion.values;
  } catch (error) {
    seen.completionError = String(error);
  }

  // The call hangs until a line on standard input says that the cloud has it; the next line says that the cloud is rid of it, which
  // must not be because the connection ended.
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const cancelling = new AbortController();
  const called = callTool(plan.hang, { signal: cancelling.signal }).then(() => '', String);
  await lines.next();
  cancelling.abort('no longer wanted');
  seen.cancelled = await called;
  await lines.next();

  seen.after = await names();
  await client.close();
  console.log(JSON.stringify(seen));
  process.exit(0); // standard input would keep it
}
