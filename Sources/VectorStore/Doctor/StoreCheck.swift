// What a check of a store is: its protocol, and how it counts and reports.

import GRDB

/// One subject that is looked at in a read snapshot of its own, and may be repaired.
protocol StoreCheck: Sendable {
  /// The entries that ``run(_:)`` returns, in order.
  var names: [DoctorReport.Name] { get }

  /// Whether it reads no table of the store, so that it is safe in a file with a stranger's schema.
  var looksOnlyAtDeclarations: Bool { get }

  /// Looks, and changes nothing.
  ///
  /// In damaged pages a column may hold a value of any type, at which GRDB's own rows would trap: rows of
  /// tables are read as ``RawRow``, in which a damaged value does not keep the others from being looked at.
  ///
  /// - Throws: where the file is too damaged to look; that is then told under all names.
  func run(_ db: Database) throws -> [DoctorReport.Check]

  /// Repairs what is derived, and returns what was done, by name. Asked where an entry is not well.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String]
}

extension StoreCheck {
  /// Most subjects are rows.
  var looksOnlyAtDeclarations: Bool { false }

  /// Most subjects cannot be repaired.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] { [:] }
}

extension Doctor {
  /// All checks in the order in which they are made and repaired: what others build on comes first.
  var checks: [any StoreCheck] {
    let configuration = store.configuration
    return [
      FileCheck(path: store.file.path),
      IntegrityCheck(path: store.file.path, segmentRows: configuration.segmentRows),
      SchemaCheck(),
      ReferencesCheck(),
      GenerationCheck(),
      TextsCheck(),
      FieldsCheck(),
      TimesCheck(),
      VectorsCheck(),
      SpacesCheck(),
      SegmentsCheck(segmentRows: configuration.segmentRows),
      ChunksCheck(),
      StagedCheck(),
      RunsCheck(),
      FilesCheck(identity: store.identity),
      LedgerCheck(path: configuration.budget.fileOfUser),
      SystemCheck(path: store.file.path),
    ]
  }
}

/// How many things were found, and some of them by name.
struct Findings {
  /// How many are named.
  static let listed = 5

  private(set) var count = 0
  private(set) var examples: [String] = []

  /// Counts one more; it is described only if it is to be listed.
  mutating func add(_ example: @autoclosure () throws -> String) rethrows {
    count += 1
    if examples.count < Self.listed { examples.append(try example()) }
  }

  /// Counts one more, described elsewhere.
  mutating func add(_ other: Findings) {
    count += other.count
    examples += other.examples.prefix(Self.listed - examples.count)
  }

  /// The entry: all is well where nothing was found.
  ///
  /// - Parameters:
  ///   - well: what is said where nothing was found.
  ///   - found: what is said else, the number of findings before it.
  func check(
    _ name: DoctorReport.Name, well: String, _ state: DoctorReport.State = .problem,
    found: String, advice: String?
  ) -> DoctorReport.Check {
    guard count > 0 else { return DoctorReport.Check(name, .ok, well) }
    var check = DoctorReport.Check(name, state, "\(count) \(found)")
    check.count = count
    check.examples = examples
    check.advice = advice
    return check
  }
}

/// Amounts for people.
enum Amounts {
  /// `1.6 MB`, in powers of 1000.
  static func bytes(_ count: Int64) -> String {
    var amount = Double(count)
    for unit in ["bytes", "kB", "MB"] {
      if amount < 1000 { return unit == "bytes" ? "\(count) bytes" : text(amount, unit) }
      amount /= 1000
    }
    return text(amount, "GB")
  }

  private static func text(_ amount: Double, _ unit: String) -> String {
    "\((amount * 10).rounded() / 10) \(unit)"
  }
}

/// Names of rows for people.
enum RowNames {
  /// `docs/a.md (collection "default"), chunk 2`, as far as it is known.
  static func chunk(_ id: Int64, _ db: Database) throws -> String {
    var name = "chunk \(id)"
    try db.forEachRawRow(
      bulk: """
        SELECT d.source, k.name, c.ordinal FROM chunks c JOIN documents d ON d.id = c.document_id
        LEFT JOIN collections k ON k.id = d.collection_id WHERE c.id = ?
        """, .integer(id)
    ) { row in name = "\(Self.document(row)), chunk \(row.integer(2))" }
    return name
  }

  /// `docs/a.md (collection "default")`.
  static func document(_ id: Int64, _ db: Database) throws -> String {
    var name = "document \(id)"
    try db.forEachRawRow(
      bulk: """
        SELECT d.source, k.name FROM documents d LEFT JOIN collections k ON k.id = d.collection_id
        WHERE d.id = ?
        """, .integer(id)
    ) { row in name = Self.document(row) }
    return name
  }

  private static func document(_ row: RawRow) -> String {
    "\(row.text(0) ?? "?") (collection \"\(row.text(1) ?? "?")\")"
  }
}
