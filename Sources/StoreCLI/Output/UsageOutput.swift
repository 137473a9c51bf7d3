// What was spent, as a person reads it.

import VectorStore

/// Lays out a usage report.
struct UsageOutput {
  let terminal: Terminal

  /// What embedding came to.
  func text(_ usage: UsageReport) -> String { text(usage, of: ["texts", "tokens"]) }

  /// What parsing documents came to.
  func text(ofParser usage: UsageReport) -> String {
    terminal.styled("documents parsed by llamaparse", .bold) + "\n"
      + text(usage, of: ["documents", "pages"])
  }

  private func text(_ usage: UsageReport, of units: [String]) -> String {
    guard !usage.days.isEmpty || usage.lastHour.requests > 0 else {
      return "nothing has been sent yet\n"
    }
    var lines = Format.table(
      [["", "requests"] + units + ["cost", "possibly billed"]]
        + [row("today", usage.today), row("last hour", usage.lastHour)])
    lines.append("")
    if let limit = usage.dailyCost {
      lines.append(
        "daily limit: \(Format.dollars(limit.usedUSD)) of \(Format.dollars(limit.limitUSD)) used, "
          + "\(Format.dollars(limit.leftUSD)) left until \(Format.time(limit.opensAt))")
    }
    if let limit = usage.hourlyRequests {
      lines.append(
        "hourly limit: \(Format.count(limit.used)) of \(Format.counted(limit.limit, "request")) used"
      )
    }
    lines += section("by day (UTC)", usage.days.map { row($0.day, $0.usage) })
    lines += section("by model", usage.models.map { row($0.model, $0.usage) })
    lines += section(
      "failed requests", usage.failures.map { [$0.kind, Format.count($0.requests)] })
    return lines.joined(separator: "\n") + "\n"
  }

  private func section(_ title: String, _ rows: [[String]]) -> [String] {
    rows.isEmpty ? [] : ["", terminal.styled(title, .bold)] + Format.table(rows)
  }

  private func row(_ name: String, _ usage: UsageReport.Usage) -> [String] {
    [
      name, Format.count(usage.requests), Format.count(usage.texts), Format.count(usage.tokens),
      Format.dollars(usage.costUSD),
      usage.possiblyBilledCostUSD > 0 ? Format.dollars(usage.possiblyBilledCostUSD) : "-",
    ]
  }
}
