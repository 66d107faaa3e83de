// Builds the plugin into one executable file: node build.js FOLDER [ENTRY]. The packages and the wire are in it, so it runs
// without node_modules, and its digest covers all that runs but Node itself.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const esbuild = require('esbuild')
const protobuf = require('protobufjs')

// A plugin outside this repository keeps a copy of plugin.proto in proto/.
const copy = 'proto/plugin.proto'
const plugin = fs.existsSync(path.join(__dirname, copy)) ? copy : '../../sdk/proto/plugin/v1/plugin.proto'
const protos = [plugin, 'proto/go_plugin.proto', 'proto/health.proto']

const [folder, entry = 'main.js'] = process.argv.slice(2)
if (!folder) {
  console.error('usage: node build.js FOLDER [ENTRY]')
  process.exit(2)
}

// The descriptors stand where the code says require('./wire.json').
const wire = {
  name: 'wire',
  setup(build) {
    build.onResolve({ filter: /^\.\/wire\.json$/ }, () => ({ path: 'wire', namespace: 'wire' }))
    build.onLoad({ filter: /.*/, namespace: 'wire' }, () => {
      const files = protos.map((file) => path.join(__dirname, file))
      return { contents: JSON.stringify(new protobuf.Root().loadSync(files, { keepCase: true }).toJSON()), loader: 'json', watchFiles: files }
    })
  },
}

const name = path.basename(entry) === 'main.js' ? path.basename(__dirname) : path.basename(entry, '.js')
const outfile = path.join(folder, name)
esbuild
  .build({
    entryPoints: [entry],
    outfile,
    plugins: [wire],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'inline',
    logLevel: 'warning',
  })
  .then(() => fs.chmodSync(outfile, 0o755))
  .catch(() => process.exit(1))
