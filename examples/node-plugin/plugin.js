// All that a plugin's main file needs: serve, PluginError, invalidArgument, and the schema of artifacts. Start reading at serve.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { artifacts } = require('./artifacts')
const { PluginError, invalidArgument } = require('./error')
const { log, takeConsole } = require('./log')

const cookie = { name: 'MCP_SERVER_PLUGIN', value: 'mcp-server/plugin/v1' }
const protocolVersion = '1'
const maxMessageBytes = 16 << 20

// serve is the whole of a plugin: started by a host it serves until the host ends it or goes away; with the argument "describe"
// it prints the manifest. plugin is {name, version, description, instructions, permissions, tools}; a tool is {name, title,
// description, hints: {readOnly, destructive, idempotent, openWorld}, input, output, timeoutSeconds, storesFiles,
// complete: {argument: (typed, others) => values}, run: async (args, call) => result}.
function serve(plugin) {
  const args = process.argv.slice(2)
  if (args.length === 1 && args[0] === 'describe') {
    process.stdout.write(JSON.stringify(manifestOf(plugin), null, 2) + '\n')
    return
  }
  if (args.length > 0 || process.env[cookie.name] !== cookie.value) {
    process.stderr.write(
      `${plugin.name} ${plugin.version}: ${plugin.description}\n` +
        "This is a plugin of mcp-server. Put it into the server's plugins folder; the server starts it.\n" +
        `To see what it offers: ${plugin.name} describe\n`,
    )
    process.exitCode = 2
    return
  }
  takeConsole()
  listen(plugin).catch((error) => {
    log('ERROR', 'serving the plugin', { err: String(error) })
    process.exit(1)
  })
}

// manifestOf describes the plugin: pure data, the same every time, so a host may keep it.
function manifestOf({ name, version, description, instructions, permissions = {}, tools }) {
  return { name, version, description, instructions, tools: tools.map(describeTool), permissions, acknowledges: true }
}

function describeTool(tool) {
  const { readOnly, destructive, idempotent, openWorld } = tool.hints
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    hints: { read_only: readOnly, destructive, idempotent, open_world: openWorld },
    input_schema: tool.input,
    output_schema: tool.output,
    timeout_seconds: tool.timeoutSeconds,
    stores_files: tool.storesFiles,
    completes: tool.complete && Object.keys(tool.complete),
  }
}

// listen serves on a unix socket in the folder that the host names, and then says so on standard output.
async function listen(plugin) {
  if (!(process.env.PLUGIN_PROTOCOL_VERSIONS ?? '').split(',').includes(protocolVersion)) {
    throw new Error(`the host speaks version ${process.env.PLUGIN_PROTOCOL_VERSIONS} of the protocol, this plugin ${protocolVersion}`)
  }
  if (process.env.MCP_SERVER_PLUGIN_STDIN === '1') exitWithHost()
  const { newServer, bind } = require('./server') // late, so that describe costs nothing
  const server = newServer(plugin, manifestOf(plugin), maxMessageBytes)
  const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, 'plugin')
  await bind(server, `unix:${socket}`)
  fs.writeSync(1, `1|${protocolVersion}|unix|${socket}|grpc|\n`)
}

// exitWithHost ends the process when the host's end of standard input closes, which happens however the host dies.
function exitWithHost() {
  process.stdin.on('end', () => process.exit(0))
  process.stdin.on('error', () => process.exit(0))
  process.stdin.resume()
}

module.exports = { serve, PluginError, invalidArgument, artifacts }
