// How the service is, as a person reads it.

import Foundation
import VectorStore

/// Lays out a health report and the settings behind it.
struct HealthOutput {
  let terminal: Terminal

  func text(_ health: HealthReport, _ settings: [Settings.Row]) -> String {
    var lines = ["mode \(health.mode.rawValue): \(verdict(health))"]
    for service in health.services {
      lines += ["", terminal.styled(service.space.name, .bold)] + about(service)
    }
    if let parser = health.parser {
      lines += ["", terminal.styled("\(parser.provider) (\(parser.tier))", .bold)] + about(parser)
    }
    if let problem = health.ledgerProblem { lines += ["", "ledger: \(Terminal.oneLine(problem))"] }
    lines += ["", terminal.styled("settings", .bold)]
    lines += Format.table(settings.map { ["  " + $0.name, $0.value, $0.origin] })
    return lines.joined(separator: "\n") + "\n"
  }

  private func verdict(_ health: HealthReport) -> String {
    if health.mode == .mock { return "offline by choice: queries match words, not meaning" }
    if health.services.isEmpty {
      return health.isWell
        ? "no API key and no model: queries match words, not meaning; \(Advice.meaning)"
        : "no API key and no model: nothing can be embedded; \(Advice.meaning)"
    }
    if health.isWell {
      // OpenAI's list of models says that the model is there; another server's answer says less.
      let isSure = health.services.allSatisfy { $0.hasEmbedded || $0.space.provider == "openai" }
      return isSure ? "well" : "the server answers; embedding was not checked"
    }
    let isUsedUp = health.services.allSatisfy {
      $0.problem == nil && $0.budget.contains { $0.left <= 0 }
    }
    return isUsedUp ? "the budget is used up" : "not well"
  }

  private func about(_ service: HealthReport.Service) -> [String] {
    var rows: [[String]] = []
    if let latency = service.latency { rows.append(["  answered in", Format.latency(latency)]) }
    if service.problem == nil {
      rows.append(
        [
          "  embedding",
          service.hasEmbedded ? "works" : "not checked, since it costs money; --probe does",
        ])
    }
    if let problem = service.problem { rows.append(["  problem", describe(problem)]) }
    rows += limits(service.breaker, service.breakerOpenUntil, service.budget)
    if let learned = service.learned { rows.append(["  server", describe(learned)]) }
    if let last = service.lastError { rows.append(["  last error", describe(last)]) }
    return Format.table(rows)
  }

  private func about(_ parser: HealthReport.Parser) -> [String] {
    var rows: [[String]] = []
    if let latency = parser.latency { rows.append(["  answered in", Format.latency(latency)]) }
    if let problem = parser.problem { rows.append(["  problem", describe(problem)]) }
    rows += limits(parser.breaker, parser.breakerOpenUntil, parser.budget)
    if let last = parser.lastError { rows.append(["  last error", describe(last)]) }
    return Format.table(rows)
  }

  /// Whether requests pass, and what is left of the budget.
  private func limits(
    _ breaker: HealthReport.Breaker, _ until: Date?, _ budget: [HealthReport.Limit]
  ) -> [[String]] {
    let opens = until.map { " until \(Format.time($0))" } ?? ""
    return [["  breaker", breaker.rawValue + opens]]
      + budget.map { limit in
        limit.limit == .dailyCost
          ? [
            "  budget today",
            "\(Format.dollars(limit.left)) left of \(Format.dollars(limit.allowed))",
          ]
          : [
            "  requests this hour",
            "\(Format.count(Int(limit.left))) left of \(Format.count(Int(limit.allowed)))",
          ]
      }
  }

  private func describe(_ learned: HealthReport.Learned) -> String {
    [
      learned.path, "\(Format.count(learned.dimensions)) dimensions",
      learned.textsPerRequest.map { "at most \(Format.count($0)) texts a request" },
      learned.tokensPerRequest.map { "at most \(Format.count($0)) tokens a request" },
      learned.tokensPerText.map { "at most \(Format.count($0)) tokens a text" },
      learned.secondsPerText.map { "\(Format.latency(.seconds($0))) a text" },
      "learned \(Format.time(learned.at))",
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private func describe(_ problem: HealthReport.Problem) -> String {
    let at = problem.at.map { "\(Format.time($0)) " } ?? ""
    let code = problem.code.map { "/\($0)" } ?? ""
    return "\(at)\(problem.kind.rawValue)\(code): \(problem.message)"
  }
}
