// `store usage`: what was sent to the embedding service and what it cost.

import ArgumentParser
import VectorStore

struct UsageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage",
    abstract: "Show what was spent: today, this hour, by day and by model.",
    discussion: """
      Days are UTC days. "Possibly billed" are requests that were sent and never answered: the budget \
      counts them, the bill may not.
      """)

  @Option(help: ArgumentHelp("How many days back, today included.", valueName: "n"))
  var days = 30

  @Flag(help: "Sum up all providers, not only the one in use.")
  var all = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    let allowed = StoreConfiguration.supportedDays
    guard allowed.contains(days) else {
      throw ValidationError(
        "--days is \(days); give \(allowed.lowerBound) to \(allowed.upperBound).")
    }
  }

  func run() async throws {
    let settings = try await Settings(output, sends: false)
    let usage = try await settings.configuration.usage(
      of: all ? nil : try settings.space.provider, days: days)
    if output.json { return try JSONOutput.write(usage) }
    Terminal.standardOutput.write(UsageOutput(terminal: .standardOutput).text(usage))
  }
}
