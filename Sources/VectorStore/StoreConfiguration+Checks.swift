// What settings and options may be: checked where they come in, so that a wrong one is an error that
// names it, and never a trap or a wait without end further down.

import Foundation
import VectorStoreText

extension StoreConfiguration {
  /// The values that ``maximumReaders`` may have.
  public static let supportedReaders = 1...256

  /// Checks all settings, and the terms of all services. A store does so when it is opened.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument`, which names the setting, what was found and what
  ///   was expected.
  public func validate() throws(StoreError) {
    try StoreError.checking("StoreConfiguration") { () throws(SettingError) in
      try SettingError.check("maximumReaders", maximumReaders, Self.supportedReaders)
      try SettingError.check(
        "searchFailureProbability", searchFailureProbability, aboveZeroTo: 0.5)
      try budget.validate()
    }
    for service in (service.map { [$0] } ?? []) + otherServices {
      try StoreError.checking("the terms of the service for \(service.space)") {
        () throws(SettingError) in try service.terms.validate()
      }
    }
    if let reranker {
      try StoreError.checking("the terms of the reranker \(reranker.model)") {
        () throws(SettingError) in try reranker.terms.validate()
      }
    }
  }
}

extension BudgetConfiguration {
  fileprivate func validate() throws(SettingError) {
    if case .atMost(let hourlyRequestLimit) = hourlyRequestLimit {
      try SettingError.check(
        "budget.hourlyRequestLimit", hourlyRequestLimit, SettingRange.hourlyRequests)
    }
    try SettingError.check("budget.dailyCostLimit", dailyCostLimit)
  }
}

extension SpendingOptions {
  func check() throws(StoreError) {
    try StoreError.checking("SpendingOptions") { () throws(SettingError) in
      try SettingError.check("maximumCost", maximumCost)
    }
  }
}

extension AddOptions {
  func check() throws(StoreError) {
    do {
      try chunking?.validate()
      _ = try GlobFilter(globs)
    } catch {
      throw StoreError(.invalidArgument, "\(error)", underlying: error)
    }
    _ = try MetadataJSON.encode(metadata)
    try spending.check()
  }
}

extension QueryOptions {
  func check() throws(StoreError) {
    try filter?.check()
    guard limit > 0 else {
      throw StoreError(.invalidArgument, "the limit is \(limit); ask for at least 1 hit")
    }
    if let rerankDepth, rerankDepth < 1 {
      throw StoreError(
        .invalidArgument, "\(rerankDepth) passages are to be reranked; ask for at least 1")
    }
    if let minimumScore, !minimumScore.isFinite {
      throw StoreError(
        .invalidArgument, "the least score is \(minimumScore); a number is expected, as 0.3")
    }
    if let maximumPerDocument, maximumPerDocument < 1 {
      throw StoreError(
        .invalidArgument,
        "the most hits of a document are \(maximumPerDocument); allow at least 1")
    }
    guard (0...100).contains(neighbours) else {
      throw StoreError(
        .invalidArgument, "\(neighbours) neighbours of a hit are asked for; 0 to 100 are expected")
    }
    guard (0...1).contains(diversity) else {
      throw StoreError(
        .invalidArgument, "the diversity of hits is \(diversity); a number from 0 to 1 is expected")
    }
  }
}

extension StatisticsOptions {
  private static let mostRows = 20_000

  func check() throws(StoreError) {
    guard duplicateThreshold > 0, duplicateThreshold <= 1 else {
      throw StoreError(
        .invalidArgument,
        "the threshold of near-duplicates is \(duplicateThreshold); give a cosine above 0, at most "
          + "1")
    }
    try StoreError.checking("StatisticsOptions") { () throws(SettingError) in
      // Every two of these rows are compared, and the cosines of all pairs are kept.
      try SettingError.check("exactRows", exactRows, 0...Self.mostRows)
      try SettingError.check("sampleRows", sampleRows, 1...Self.mostRows)
      try SettingError.check("mapRows", mapRows, 0...Self.mostRows)
    }
    for name in [save, compare].compactMap({ $0 }) where name.isEmpty {
      throw StoreError(.empty, "the name of saved statistics is empty; give one, as `monday`")
    }
  }
}

extension DoctorOptions {
  func check() throws(StoreError) {
    try StoreError.checking("DoctorOptions") { () throws(SettingError) in
      try SettingError.check("sampleSize", sampleSize, 1...1_000_000)
    }
  }
}

extension SettingError {
  /// Throws for a limit below zero.
  fileprivate static func check(
    _ setting: String, _ limit: SpendingLimit<NanoDollars>
  ) throws(SettingError) {
    guard case .atMost(let amount) = limit, amount < .zero else { return }
    throw SettingError(setting, found: "\(amount)", expected: "$0.00 or more")
  }
}

extension StoreError {
  /// Gives the error of a setting the code `invalidArgument`, and says whose setting it is.
  static func checking(
    _ owner: String, _ check: () throws(SettingError) -> Void
  ) throws(StoreError) {
    do {
      try check()
    } catch {
      throw StoreError(.invalidArgument, "\(owner): \(error.message)", underlying: error)
    }
  }
}
