// `store doctor`: whether the store is well, and repairs of what is derived.

import ArgumentParser
import VectorStore

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Find out whether the store is well, and repair what can be.",
    discussion: """
      Looks at the file, its texts, vectors, words and codes, at the files that documents came from, \
      and at the ledger. Without --repair nothing is written. --repair rebuilds what comes from texts \
      and vectors, and never deletes those. Exit status: 0 if there is no problem (warnings do not \
      count), 1 if there is.
      """)

  @Flag(help: "Rebuild what is wrong and can be rebuilt from the rest.")
  var repair = false

  @Flag(help: "Also compare the fast search with exact search, on the store's own vectors.")
  var recall = false

  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Report: Encodable {
    let isWell: Bool
    let store: String
    let checks: [DoctorReport.Check]
    let seconds: Double
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    try settings.requireStore()
    var options = DoctorOptions()
    options.repairs = repair
    options.measuresRecall = recall
    let report = try await Store.doctor(
      path: settings.storePath, configuration: settings.configuration, options: options)
    if store.json {
      try JSONOutput.write(
        Report(
          isWell: report.isWell, store: report.store, checks: report.checks,
          seconds: report.duration.inSeconds
        ))
    } else {
      let output = DoctorOutput(terminal: .standardOutput, isQuiet: store.quiet, repairs: repair)
      Terminal.standardOutput.write(output.text(report))
    }
    if !report.isWell { throw ExitCode.failure }
  }
}
