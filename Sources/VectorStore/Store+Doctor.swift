// `doctor`: whether a store is well, and repairs of what is derived.

import Foundation

extension Store {
  /// Examines a store file, however damaged it is.
  ///
  /// If a file cannot be opened as a store, the report says so under ``DoctorReport/Name/file``.
  ///
  ///     var options = DoctorOptions()
  ///     options.repairs = true
  ///     let report = try await Store.doctor(path: "notes.db", options: options)
  ///     for check in report.checks where check.state != .ok { print(check.name, check.message) }
  ///
  /// Without ``DoctorOptions/repairs`` nothing is written, so that it works on a file that cannot be.
  ///
  /// - Throws: ``StoreError`` with `storeNotFound`, and when repairing `readOnly`, `locked`, `diskFull`.
  /// - Complexity: reads the whole file some three times, and the files that documents came from once.
  public static func doctor(
    path: String, configuration: StoreConfiguration = StoreConfiguration(),
    options: DoctorOptions = DoctorOptions()
  ) async throws -> DoctorReport {
    let started = ContinuousClock.now
    var configuration = configuration
    configuration.access = options.repairs ? .readWrite : .readOnly
    configuration.opensForeignSchemas = true
    if StorePlace(path).isPostgres {
      let store = try await Store(path: path, configuration: configuration)
      let report = try await store.doctor(options)
      try await store.close()
      return report
    }
    do {
      let file = try StorePath.resolved(path)
      guard try FilePlace(file) != .nothing else {
        throw StoreError(
          .storeNotFound,
          "there is no store at \(path); make one by adding documents, or name another"
        )
      }
      // An empty file would be made a new store.
      guard StoreFile.size(of: file) > 0 else {
        throw StoreError(
          .damaged, "\(path) is empty; \(StoreError.restoring(file)), or delete it")
      }
      let store = try await Store(path: path, configuration: configuration)
      do {
        let report = try await store.doctor(options)
        try await store.close()
        return report
      } catch {
        try? await store.close()
        throw error
      }
    } catch let error as StoreError where Unopened.isFinding(error, options) {
      return DoctorReport(
        store: path, checks: Unopened(path: path, error: error).checks(),
        duration: ContinuousClock.now - started)
    }
  }

  /// Examines this store.
  ///
  /// The same as ``doctor(path:configuration:options:)`` otherwise.
  public func doctor(_ options: DoctorOptions = DoctorOptions()) async throws -> DoctorReport {
    let started = ContinuousClock.now
    try options.check()
    #if Postgres
      if file is PostgresStorage {
        return DoctorReport(
          store: path, checks: try await PostgresDoctor(store: self, options: options).examine(),
          duration: ContinuousClock.now - started)
      }
    #endif
    let checks = try await Doctor(store: self, options: options).examine()
    return DoctorReport(store: path, checks: checks, duration: ContinuousClock.now - started)
  }
}
