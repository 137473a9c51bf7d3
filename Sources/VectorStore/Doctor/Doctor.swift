// One call of `doctor`: all checks, then repairs, then all checks again.

import Foundation
import GRDB

/// Examines an open store.
struct Doctor {
  let store: Store
  let options: DoctorOptions

  /// The entries of the report.
  func examine() async throws -> [DoctorReport.Check] {
    let before = try await look()
    guard options.repairs else { return try await before + measurements(before) }
    let done = try await repair(before)
    var after = done.isEmpty ? before : Self.merged(before, try await look(), done)
    for index in after.indices where after[index].name == .integrity && after[index].state != .ok {
      guard done[.integrity] == nil else { continue }
      after[index].message += "; nothing was repaired, since writing could make it worse"
    }
    return try await after + measurements(after)
  }

  private func look() async throws -> [DoctorReport.Check] {
    var found: [DoctorReport.Check] = []
    let isForeign = await isUnsafeToRead()
    for check in checks where !isForeign || check.looksOnlyAtDeclarations {
      try Task.checkCancellation()
      do {
        found += try await store.storeFile(for: "doctor").readDatabase { try check.run($0) }
      } catch let error as StoreError {
        found += check.names.map { unreadable($0, error) }
      }
    }
    if isForeign {
      var check = DoctorReport.Check(
        .integrity, .problem,
        "not checked, as all that follows: reading the tables could run what a stranger declared")
      check.count = 1
      check.advice = "see to the schema first, then look again"
      found.append(check)
    }
    return found
  }

  /// Whether looking at rows could run a stranger's view or expression.
  private func isUnsafeToRead() async -> Bool {
    // If a schema is too damaged to compare, its own check says so.
    (try? await store.storeFile(for: "doctor").readDatabase {
      try SchemaDifferences($0).isUnsafeToRead
    }) ?? false
  }

  /// What is measured by queries, which need pages that are whole.
  private func measurements(
    _ found: [DoctorReport.Check]
  ) async throws -> [DoctorReport.Check] {
    guard options.measuresRecall else { return [] }
    guard found.contains(where: { $0.name == .integrity && $0.state != .problem }) else {
      return [DoctorReport.Check(.recall, .warning, "not measured, since the file is damaged")]
    }
    return try await RecallCheck(store: store, sampleSize: options.sampleSize).run()
  }

  /// An entry for what the file is too damaged to look at.
  private func unreadable(_ name: DoctorReport.Name, _ error: StoreError) -> DoctorReport.Check {
    var check = DoctorReport.Check(name, .problem, "cannot be checked: \(error.message)")
    check.count = 1
    check.advice =
      error.code == .damaged
      ? Unopened.rescue(store.file.path)
      : "repair what else is found, and look again"
    return check
  }

  // MARK: - Repairs

  /// Repairs what is not well, in the order of the checks. Returns what was done, by name.
  ///
  /// A file whose pages are damaged is left as it is: to write more into it could make it worse.
  private func repair(_ found: [DoctorReport.Check]) async throws -> [DoctorReport.Name: String] {
    var (found, done) = (found, [DoctorReport.Name: String]())
    if try await hasForeignCode(found) {
      // Whatever else is written could set off a stranger's trigger.
      done = try await SchemaCheck().repair(store.storeFile(for: "a repair"))
      guard !done.isEmpty, await !isUnsafeToRead() else { return done }
      found = try await look()
    }
    let bad = Set(found.filter { $0.state != .ok }.map(\.name))
    for check in checks where !bad.isDisjoint(with: check.names) {
      try Task.checkCancellation()
      do {
        done.merge(try await check.repair(store.storeFile(for: "a repair"))) { $1 }
      } catch let error as StoreError where [.damaged, .database].contains(error.code) {
        // The other repairs go on; the report says of this one why it failed.
        for name in check.names where bad.contains(name) {
          done[name] = "the repair failed: \(error.message)"
        }
      }
      let isPages = check.names.contains(.integrity)
      if isPages, done[.integrity] == nil { break }
    }
    if !done.isEmpty { try await store.file.checkpoint() }
    return done
  }

  /// Whether something is declared that is not this program's, in a file whose pages are whole.
  private func hasForeignCode(_ found: [DoctorReport.Check]) async throws -> Bool {
    if await isUnsafeToRead() { return true }
    guard found.contains(where: { $0.name == .integrity && $0.state != .problem }) else {
      return false
    }
    return try await store.storeFile(for: "doctor").readDatabase {
      try !SchemaDifferences($0).extra.isEmpty
    }
  }

  /// What was not well before and is now, was repaired. The order of the repairs may have healed more
  /// than was named.
  private static func merged(
    _ before: [DoctorReport.Check], _ after: [DoctorReport.Check],
    _ done: [DoctorReport.Name: String]
  ) -> [DoctorReport.Check] {
    after.map { check in
      guard let earlier = before.first(where: { $0.name == check.name }), earlier.state != .ok
      else {
        return check
      }
      var check = check
      if check.state == .ok {
        let deed = done[check.name] ?? "well again after the other repairs"
        check.state = .repaired
        check.message = "\(earlier.message): \(deed)"
        check.count = earlier.count
        check.examples = earlier.examples
      } else if let deed = done[check.name] {
        check.message += " (\(deed))"
      }
      return check
    }
  }
}
