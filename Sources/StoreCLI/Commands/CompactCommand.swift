// `store compact`: the file without anything that was deleted.

import ArgumentParser
import VectorStore

struct CompactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Shrink the file; what was removed is then in no byte of it.")

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let settings = try Settings(store, access: .readWrite)
    try settings.requireStore()
    let report = try await settings.withStore { try await $0.compact() }
    if store.json { return try JSONOutput.write(report) }
    guard !store.quiet else { return }
    Terminal.standardOutput.write(
      "\(Format.bytes(report.bytesBefore)) before, \(Format.bytes(report.bytesAfter)) after, in "
        + "\(Format.seconds(report.duration))\n")
  }
}
