// A file in the making: hashed while it is written, synced, and handed over to the host.
'use strict'

const { createHash } = require('node:crypto')
const { open, unlink } = require('node:fs/promises')
const path = require('node:path')
const { PluginError } = require('./error')

class File {
  #call
  #handle
  #path
  #hash = createHash('sha256')

  // size is in bytes.
  size = 0

  // create makes file number n of the call in its folder.
  static async create(call, folder, n) {
    if (!folder) {
      throw new PluginError('unimplemented', 'plugin', 'this call has no folder for files: its tool lacks storesFiles, or the host stores none')
    }
    const file = new File()
    file.#call = call
    file.#path = path.join(folder, `file-${n}`)
    file.#handle = await onDisk('creating a file', open(file.#path, 'wx', 0o600))
    return file
  }

  // write appends a Buffer or a string.
  async write(chunk) {
    const bytes = Buffer.from(chunk)
    await onDisk('writing the file', this.#handle.writeFile(bytes))
    this.#hash.update(bytes)
    this.size += bytes.length
  }

  // store syncs the file and hands it to the host; the artifact that it returns belongs into the tool's result. name is what the
  // user sees; source is {operation, ids: {name: text}, request_id} and says where the content came from.
  async store({ name, mediaType, source }) {
    await onDisk('syncing the file', this.#handle.sync())
    const reply = await this.#call.ask('file', {
      path: path.basename(this.#path),
      name,
      media_type: mediaType,
      size: this.size,
      sha256: this.#hash.digest(),
      source: Buffer.from(JSON.stringify(source)),
    })
    await this.close()
    if (reply.error) throw PluginError.fromWire(reply.error)
    return JSON.parse(reply.artifact)
  }

  // discard removes a file that is not stored.
  async discard() {
    await this.close()
    await unlink(this.#path).catch(() => {}) // the host removes the folder with all that is left
  }

  async close() {
    await this.#handle?.close()
    this.#handle = undefined
  }
}

// onDisk explains a failure of the host's disk without its paths.
async function onDisk(doing, work) {
  try {
    return await work
  } catch (cause) {
    const message = `${doing} on the host's disk: ${cause.code}; free space or choose another data folder`
    throw new PluginError('resource_exhausted', 'host', message, { cause })
  }
}

module.exports = { File }
