// Where this program keeps what belongs to the user and to no store: the command and the library agree.

import Foundation

/// The user's folders for this program, by the XDG Base Directory Specification.
package struct UserFolders: Sendable {
  /// What must not be lost, such as the ledger.
  package let state: String
  /// What can be made again.
  package let cache: String

  /// Finds the folders. A variable that is empty or relative is ignored, as the specification asks.
  /// They are taken from the environment only: a `.env` file has no say in them.
  package init(_ environment: [String: String]) {
    func absolute(_ name: String) -> String? {
      environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    let home = absolute("HOME") ?? NSHomeDirectory()
    func folder(_ name: String, _ ofHome: String) -> String {
      let base = absolute(name) ?? URL(filePath: home).appending(path: ofHome).path
      return URL(filePath: base).appending(path: "vector-store").path
    }
    state = folder("XDG_STATE_HOME", ".local/state")
    cache = folder("XDG_CACHE_HOME", ".cache")
  }

  /// The user's ledger: one for all stores and programs.
  package var ledger: String { state + "/ledger.db" }
}
