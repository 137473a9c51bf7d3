// The one guard in front of every file that a verb writes for its caller: it must not be the store, the
// user's ledger or caches, a file beside these, a file of settings, or something that the same call reads.

import Foundation

/// A file by its name and by what it is, so that links and hard links are seen through.
private struct NamedFile {
  private let identity: FileIdentity?
  private let folder: FileIdentity?
  private let name: String

  init(_ path: String) {
    let place = URL(filePath: path)
    identity = FileIdentity(path)
    folder = FileIdentity(place.deletingLastPathComponent().path)
    // Some file systems do not tell capitals from small letters.
    name = place.lastPathComponent.lowercased()
  }

  /// Whether both are one file, or would be if they were there.
  func isSame(as other: NamedFile) -> Bool {
    if let identity, let otherIdentity = other.identity { return identity == otherIdentity }
    return folder != nil && folder == other.folder && name == other.name
  }
}

extension Store {
  /// Throws unless files may be written to these paths: by name and by device and inode, through links.
  ///
  /// Called before anything is read, by each verb that writes a file and by the command for its own.
  ///
  /// - Parameter inputs: files that the same call reads.
  /// - Throws: ``StoreError/Code/invalidArgument``, which names the path and what it is.
  package func checkOutputs(_ outputs: [String], inputs: [String] = []) throws {
    var taken: [(file: NamedFile, meaning: String)] = []
    func take(_ path: String, _ sides: [String], _ meaning: String) {
      taken.append((NamedFile(path), meaning))
      for side in sides {
        taken.append((NamedFile(path + side), "a file that belongs to \(meaning)"))
      }
    }
    take(file.path, StorePath.sides, "the store itself")
    let ledger = configuration.budget.fileOfUser
    take(ledger, StorePath.sqliteSides, "the ledger")
    take(
      ServerProfilesFile.path(besideLedger: ledger), StorePath.sqliteSides,
      "the file of what was learned of servers")
    if let path = configuration.queryCachePath {
      take(path, StorePath.sqliteSides, "the cache of query vectors")
    }
    for input in inputs { take(input, [], "a file that is read here") }
    for output in outputs {
      try Self.checkName(of: output)
      let target = NamedFile(output)
      if let match = taken.first(where: { $0.file.isSame(as: target) }) {
        throw StoreError(
          .invalidArgument,
          "\(output) cannot be written: it is \(match.meaning); name another file")
      }
      take(output, [], "written here already, as \(output)")
    }
  }

  /// Refuses the names of files that hold settings and keys, `.env` and `.env.…`, also behind a link.
  private static func checkName(of output: String) throws {
    for path in [output, URL(filePath: output).resolvingSymlinksInPath().path] {
      let name = URL(filePath: path).lastPathComponent.lowercased()
      guard name == ".env" || name.hasPrefix(".env.") else { continue }
      throw StoreError(
        .invalidArgument,
        "\(output) cannot be written: files of this name hold settings and keys; name another file")
    }
  }
}
