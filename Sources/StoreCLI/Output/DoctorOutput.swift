// How a store is, as a person reads it: a line a check, and what to do.

import VectorStore

/// Lays out a report of `doctor`.
struct DoctorOutput {
  let terminal: Terminal
  /// Whether to leave out all that is well.
  let isQuiet: Bool
  /// Whether repairs were asked for.
  let repairs: Bool

  func text(_ report: DoctorReport) -> String {
    let checks = report.checks.filter { !isQuiet || $0.state == .problem }
    let width = checks.map { title($0).count }.max() ?? 0
    var lines: [String] = []
    for check in checks {
      let name = title(check)
      let padding = String(repeating: " ", count: width - name.count)
      lines.append("\(mark(check.state)) \(name)\(padding)  \(Terminal.oneLine(check.message))")
      let indent = String(repeating: " ", count: width + 4)
      if check.state != .ok {
        lines += check.examples.map { indent + terminal.styled("- " + Terminal.oneLine($0), .dim) }
        if check.count > check.examples.count, check.examples.count > 1 {
          lines.append(indent + terminal.styled("- …", .dim))
        }
      }
      if let advice = check.advice, check.state != .repaired {
        let command = Advice.advice(on: check.name).map { " (\($0))" } ?? ""
        lines.append("\(indent)→ \(Terminal.oneLine(advice))\(command)")
      }
    }
    if !isQuiet { lines += ["", summary(report)] }
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }

  private func title(_ check: DoctorReport.Check) -> String {
    check.name.rawValue.split(separator: "_").joined(separator: "-")
  }

  private func mark(_ state: DoctorReport.State) -> String {
    switch state {
    case .ok: "✓"
    case .warning: "!"
    case .problem: terminal.styled("✗", .match)
    case .repaired: "+"
    }
  }

  private func summary(_ report: DoctorReport) -> String {
    func count(_ state: DoctorReport.State) -> Int {
      report.checks.filter { $0.state == state }.count
    }
    let parts = [
      (count(.problem), "problem"), (count(.warning), "warning"), (count(.repaired), "repair"),
    ].filter { $0.0 > 0 }.map { Format.counted($0.0, $0.1) }
    let store = Terminal.oneLine(report.store)
    let verdict = report.isWell ? "\(store) is well" : "\(store) is not well"
    let hint = report.isWell || repairs ? "" : "; `store doctor --repair` repairs what can be"
    return terminal.styled(([verdict] + parts).joined(separator: ", "), .bold) + hint
      + " (\(Format.seconds(report.duration)))"
  }
}
