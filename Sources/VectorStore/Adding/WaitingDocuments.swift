// The documents of a run whose texts are on their way to the service and back.

import Foundation

/// Documents in memory until each of their texts has been answered, refused or given up.
struct WaitingDocuments: Sendable {
  private var documents: [Int: CutDocument] = [:]
  /// Of each document the texts that nothing has become of yet.
  private var missing: [Int: Set<Data>] = [:]
  /// The documents that wait for a text.
  private var waiters: [Data: [Int]] = [:]
  private var ready: [Int] = []
  private var keys: Set<DocumentKey> = []
  private var added = 0
  /// The bytes of the texts in memory.
  private(set) var bytes = 0

  /// Whether nothing waits and nothing is ready.
  var isEmpty: Bool { documents.isEmpty }

  /// Whether a document waits or is ready.
  func contains(_ key: DocumentKey) -> Bool { keys.contains(key) }

  /// Whether a text is on its way.
  func isOnItsWay(_ hash: Data) -> Bool { waiters[hash] != nil }

  /// Takes a document and the texts it needs; one that needs none is ready.
  mutating func add(_ document: CutDocument, missing texts: Set<Data>) {
    added += 1
    documents[added] = document
    keys.insert(document.key)
    bytes += document.bytes
    guard !texts.isEmpty else { return ready.append(added) }
    missing[added] = texts
    for hash in texts { waiters[hash, default: []].append(added) }
  }

  /// Something has become of a text.
  mutating func resolve(_ hash: Data) {
    for index in waiters.removeValue(forKey: hash) ?? [] {
      missing[index]?.remove(hash)
      guard missing[index]?.isEmpty == true else { continue }
      missing[index] = nil
      ready.append(index)
    }
  }

  /// Takes out the documents that wait for a text.
  mutating func take(waitingFor hash: Data) -> [CutDocument] {
    (waiters.removeValue(forKey: hash) ?? []).compactMap { index in
      guard let document = documents.removeValue(forKey: index) else { return nil }
      missing[index] = nil
      keys.remove(document.key)
      bytes -= document.bytes
      return document
    }
  }

  /// Nothing more becomes of any text.
  mutating func resolveAll() {
    for hash in Array(waiters.keys) { resolve(hash) }
  }

  /// Lets some documents go that wait for nothing more, in the order in which they came.
  mutating func takeReady(chunksAtMost: Int) -> [CutDocument] {
    ready.sort()
    var taken: [CutDocument] = []
    var chunks = 0
    for index in ready {
      guard let document = documents[index],
        taken.isEmpty || chunks + document.chunks.count <= chunksAtMost
      else { break }
      documents[index] = nil
      keys.remove(document.key)
      bytes -= document.bytes
      chunks += document.chunks.count
      taken.append(document)
    }
    ready.removeFirst(taken.count)
    return taken
  }
}
