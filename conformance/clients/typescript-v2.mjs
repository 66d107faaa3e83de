// The TypeScript client of version 2. The plan's mode says how it chooses the revision.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { battery, plan } from './battery.mjs';

const client = new Client({ name: 'typescript-v2', version: '1' }, { versionNegotiation: { mode: plan.mode } });
const transport = plan.url
  ? new StreamableHTTPClientTransport(new URL(plan.url))
  : new StdioClientTransport({ command: plan.command, args: plan.args, env: plan.env, stderr: 'inherit' });
await battery(client, transport, (params, options) => client.callTool(params, options));
