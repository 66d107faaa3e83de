// The gRPC server: the plugin's service, and what go-plugin expects beside it.
'use strict'

const grpc = require('@grpc/grpc-js')
const { fromJSON } = require('@grpc/proto-loader')
const { Service } = require('./service')

const wire = grpc.loadPackageDefinition(
  fromJSON(require('./wire.json'), { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }),
)

function newServer(plugin, manifest, maxMessageBytes) {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  })
  const open = new Set() // streams that the host keeps and nobody uses
  const keep = (stream) => {
    open.add(stream)
    stream.on('data', () => {})
    stream.on('cancelled', () => open.delete(stream))
  }
  server.addService(wire.plugin.v1.ToolPlugin.service, new Service(plugin, manifest).handlers())
  server.addService(wire.plugin.GRPCStdio.service, { StreamStdio: keep })
  server.addService(wire.plugin.GRPCBroker.service, { StartStream: keep })
  server.addService(wire.grpc.health.v1.Health.service, { Check: (_, reply) => reply(null, { status: 'SERVING' }) })
  server.addService(wire.plugin.GRPCController.service, {
    Shutdown(_, reply) {
      reply(null, {})
      for (const stream of open) stream.end()
      server.tryShutdown(() => process.exit(0)) // once the answer is out; the host kills what takes longer
    },
  })
  return server
}

function bind(server, address) {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
}

module.exports = { newServer, bind }
