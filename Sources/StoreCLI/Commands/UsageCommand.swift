// `store usage`: what was sent to the services and what it cost.

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

  /// The one object that --json prints: the usage, and in it what parsing documents came to.
  private struct Report: Encodable {
    let usage: UsageReport
    let parser: UsageReport?

    private enum CodingKeys: CodingKey {
      case parser
    }

    func encode(to encoder: any Encoder) throws {
      try usage.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(parser, forKey: .parser)
    }
  }

  func run() async throws {
    var settings = try await Settings(output, sends: false)
    try settings.addParser(sends: false)
    let usage = try await settings.configuration.usage(
      of: all ? nil : try settings.space.provider, days: days)
    let parsing = try await settings.configuration.usage(of: "llamaparse", days: days)
    let parser =
      settings.configuration.documentService != nil || !parsing.accounts.isEmpty ? parsing : nil
    if output.json { return try JSONOutput.write(Report(usage: usage, parser: all ? nil : parser)) }
    let format = UsageOutput(terminal: .standardOutput)
    Terminal.standardOutput.write(format.text(usage))
    if let parser, !all { Terminal.standardOutput.write("\n" + format.text(ofParser: parser)) }
  }
}
