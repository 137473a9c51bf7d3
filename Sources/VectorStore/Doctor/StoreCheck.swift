// What every check of `doctor` is, and the list of them. Called by Doctor; the conformers stand beside this
// file, one file a subject.

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
      VectorsCheck(),
      SpacesCheck(),
      SegmentsCheck(segmentRows: configuration.segmentRows),
      ChunksCheck(),
      StagedCheck(),
      RunsCheck(),
      FilesCheck(folder: options.folder),
      LedgerCheck(path: configuration.budget.ledgerPath),
      SystemCheck(path: store.file.path),
    ]
  }
}
