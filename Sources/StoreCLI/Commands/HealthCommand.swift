// `store health`: how the embedding service is, what is left of the budget, and what the settings are
// and where they come from. Calls StoreConfiguration.checkHealth.

import ArgumentParser
import VectorStore

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health",
    abstract: "Check the embedding service, the budget and the settings.",
    discussion: """
      The service is asked for a sign of life that costs nothing. Exit status: 0 if texts can be \
      embedded as the mode has it, 1 if not.
      """)

  @OptionGroup var mode: ModeOptions
  @OptionGroup var output: OutputOptions

  /// The one object that --json prints.
  private struct Report: Encodable {
    let health: HealthReport
    let settings: [Settings.Row]
  }

  func run() async throws {
    let settings = try Settings(output, mode: mode.mode, sends: true)
    let health = try await settings.configuration.checkHealth()
    try Task.checkCancellation()
    if output.json {
      try JSONOutput.write(Report(health: health, settings: settings.rows))
    } else {
      Terminal.standardOutput.write(
        HealthOutput(terminal: .standardOutput).text(health, settings.rows))
    }
    if !health.isWell { throw ExitCode.failure }
  }
}
