#!/usr/bin/env -S node --preserve-symlinks-main
// A plugin whose tools do what a plugin should not, for the tests.
'use strict'

const fs = require('node:fs')
const { serve, PluginError } = require('../plugin')

const input = { type: 'object', properties: { text: { type: 'string', description: 'Any text.' } }, additionalProperties: false }

function tool(name, run, more = {}) {
  const hints = { readOnly: true, destructive: false, idempotent: true, openWorld: false }
  const description = `Does ${name}, which a plugin should not do, so that a test sees what becomes of it.`
  return { name: `rough_${name}`, title: name, description, hints, input, run, ...more }
}

const writes = { hints: { readOnly: false, destructive: false, idempotent: false, openWorld: false } }

function say(text) {
  return { content: [{ type: 'text', text }] }
}

let cancelled = 0

serve({
  name: 'rough',
  version: '1.0.0',
  description: 'Misbehaves.',
  permissions: { environment: [{ name: 'ROUGH_SECRET', description: 'A secret.', secret: true }] },
  tools: [
    tool('noise', async () => {
      console.log('printed', { with: 'console.log' })
      process.stdout.write('1|1|unix|/tmp/elsewhere|grpc|\n' + 'x'.repeat(1 << 20) + '\n')
      fs.writeSync(2, '{"@message":42}\n')
      return say('done')
    }),
    tool('hang', (_, call) => {
      call.progress(1, 2, 'hanging')
      return new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => {
          cancelled++
          reject(call.signal.reason)
        })
      })
    }),
    tool('cancelled', async () => say(String(cancelled))),
    tool('hang_once', () => new Promise(() => {}), writes),
    tool('deaf', () => new Promise((resolve) => setTimeout(() => resolve(say('late')), 300))),
    tool('mistake', async () => undefined.text),
    tool('reject', async () => {
      throw new PluginError('not_found', 'cloud', 'there is no such thing; list the things first', { retryAfterMs: 1500 })
    }),
    tool('large', async () => say('x'.repeat(17 << 20))),
    tool('exit', async () => process.exit(3)),
    tool('unhandled', async () => {
      setImmediate(() => {
        throw new Error('nobody catches this')
      })
      await new Promise(() => {})
    }, writes),
    tool('wrong_file', async (_, call) => {
      const reply = await call.ask('file', { path: '../outside', name: 'x', size: 1, sha256: Buffer.alloc(32), source: Buffer.from('{}') })
      return say(reply.error.message)
    }, { storesFiles: true }),
    tool('secret', async () => say(process.env.ROUGH_SECRET ?? 'none')),
    tool('environment', async () => say(Object.keys(process.env).sort().join(' '))),
    tool('form', async (_, call) => {
      const schema = { type: 'object', properties: { sure: { type: 'boolean' } } }
      return say(JSON.stringify(await call.elicit('Really?', schema)))
    }),
  ],
})
