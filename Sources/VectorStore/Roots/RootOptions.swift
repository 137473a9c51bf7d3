// What a root is added with and keeps.

import Foundation
import VectorStoreText

/// The options that a root keeps: how its files are chosen, cut and described.
struct RootOptions: Sendable, Hashable, Codable {
  /// Which files are taken; empty takes all.
  var globs: [String] = []
  /// Metadata for every document.
  var metadata: [String: MetadataValue] = [:]
  /// How texts are cut; nil as by default.
  var chunkTokens: Int?
  var overlapTokens: Int?
  /// The encoding of files that are not UTF-8.
  var encoding: String?
  /// Whether symbolic links are followed.
  var followsLinks: Bool?
  /// The field of tables and JSON lines that is their text; nil for all of it.
  var textField: String?
  /// Commands that read files, by ending; nil for none.
  var converters: [FileConverter]?

  /// How texts are cut.
  var chunking: ChunkingOptions {
    let standard = ChunkingOptions()
    return ChunkingOptions(
      maximumTokens: chunkTokens ?? standard.maximumTokens,
      overlapTokens: overlapTokens ?? standard.overlapTokens)
  }

  /// The options with those of a call over them: what the call leaves open stays as it is.
  func merging(_ given: AddOptions) -> RootOptions {
    var options = self
    if !given.globs.isEmpty { options.globs = given.globs }
    options.metadata = metadata.filter { !given.removedMetadata.contains($0.key) }
      .merging(given.metadata) { _, new in new }
    if let encoding = given.encoding { options.encoding = encoding }
    if given.followsLinks { options.followsLinks = true }
    if let field = given.textField { options.textField = field.isEmpty ? nil : field }
    if !given.converters.isEmpty {
      let endings = Set(given.converters.map(\.ending))
      let all =
        (converters ?? []).filter { !endings.contains($0.ending) }
        + given.converters.filter { !$0.command.isEmpty }
      options.converters = all.isEmpty ? nil : all.sorted { $0.ending < $1.ending }
    }
    if let chunking = given.chunking {
      options.chunkTokens = chunking.maximumTokens
      options.overlapTokens = chunking.overlapTokens
    }
    return options
  }

  /// The options of a call with what the root keeps in their place.
  func over(_ given: AddOptions) -> AddOptions {
    var options = given
    options.globs = globs
    options.rootMetadata = metadata
    options.encoding = encoding
    options.followsLinks = followsLinks ?? false
    options.chunking = chunking
    options.converters = converters ?? []
    options.textField = textField
    return options
  }

  /// What changes for the documents from these options to others, in words; empty if nothing does.
  func changes(to other: RootOptions) -> [String] {
    func words(_ globs: [String]) -> String {
      globs.isEmpty ? "all files" : globs.joined(separator: " ")
    }
    var changes: [String] = []
    if globs != other.globs {
      changes.append("it takes \(words(other.globs)), before \(words(globs))")
    }
    if chunking != other.chunking {
      let (new, old) = (other.chunking, chunking)
      changes.append(
        "passages of \(new.maximumTokens) tokens, \(new.overlapTokens) of them repeated, before "
          + "\(old.maximumTokens) and \(old.overlapTokens): its documents are cut again")
    }
    if textField != other.textField {
      func words(_ field: String?) -> String { field.map { "the field \"\($0)\"" } ?? "whole rows" }
      changes.append(
        "the text of tables is \(words(other.textField)), before \(words(textField))")
    }
    let commands = (converters ?? [], other.converters ?? [])
    for ending in Set((commands.0 + commands.1).map(\.ending)).sorted() {
      let (old, new) = (
        commands.0.first { $0.ending == ending }, commands.1.first { $0.ending == ending }
      )
      guard old != new else { continue }
      changes.append(
        ".\(ending) files are read by \(new?.commandLine ?? "no command"), before by "
          + (old?.commandLine ?? "none"))
    }
    let keys = Set(metadata.keys).union(other.metadata.keys)
      .filter { metadata[$0] != other.metadata[$0] }
    if !keys.isEmpty {
      changes.append("other metadata: \(keys.sorted().joined(separator: ", "))")
    }
    return changes
  }

  /// As JSON with sorted keys.
  func encoded() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// - Throws: ``StoreError`` with `damaged` for a text that is none.
  static func decode(_ json: String) throws -> RootOptions {
    do {
      return try JSONDecoder().decode(RootOptions.self, from: Data(json.utf8))
    } catch {
      throw StoreError(
        .damaged,
        "the store holds options of a root that cannot be read; \(StoreError.restoringTheStore)",
        underlying: error)
    }
  }
}
