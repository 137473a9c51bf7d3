// `store health`: how the embedding service is, what is left of the budget, and what the settings
// are and where they come from.

import ArgumentParser
import VectorStore

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health",
    abstract: "Check the embedding service, the budget and the settings.",
    discussion: """
      The service is asked for a sign of life that costs nothing: one letter is embedded if that is \
      free. Exit status: 0 if texts can be \
      embedded as the mode has it, 1 if not.
      """)

  @Flag(help: "Embed a letter even if that costs money; shows the cost first.")
  var probe = false

  @Flag(help: "Do not ask before --probe spends.")
  var yes = false

  @OptionGroup var mode: ModeOptions
  @OptionGroup var output: OutputOptions

  /// The one object that --json prints.
  private struct Report: Encodable {
    let health: HealthReport
    let settings: [Settings.Row]
  }

  func run() async throws {
    var settings = try await Settings(output, mode: mode.mode, sends: true)
    try settings.addParser(sends: false)
    if probe { try confirm(settings) }
    let health = try await settings.configuration.checkHealth(probes: probe)
    try Task.checkCancellation()
    if output.json {
      try JSONOutput.write(Report(health: health, settings: settings.rows))
    } else {
      Terminal.standardOutput.write(
        HealthOutput(terminal: .standardOutput).text(health, settings.rows))
    }
    if !health.isWell { throw ExitCode.failure }
  }

  /// Says what a letter costs, and asks whether to spend it.
  private func confirm(_ settings: Settings) throws {
    guard let service = settings.configuration.service, service.terms.price != .free, !yes else {
      return
    }
    let cost = Format.dollars(service.terms.price.cost(ofTokens: 1).usd)
    try Confirmation.ask(
      "embedding one letter by \(Terminal.oneLine(service.space.model)) costs about \(cost)",
      advice: "Say --yes to do that, or leave out --probe.", refusal: "nothing was sent")
  }
}
