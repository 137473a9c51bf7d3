// Which statements a connection has prepared.

#if Postgres
  /// The prepared statements of one connection, by their SQL. Past the limit the one that was not used for the
  /// longest time is to be closed.
  struct PostgresStatements {
    private struct Entry {
      let name: String
      var lastUse: Int
      /// How often it was used, under all its names.
      var count = 1
    }

    /// Uses after which a statement is prepared again; then after twice as many, and so on.
    private static let firstRenewal = 64

    let limit: Int
    private var entries: [String: Entry] = [:]
    private var uses = 0
    private var names = 0
    /// What the server still has and no one will use again.
    private(set) var closing: [String] = []

    init(limit: Int) {
      self.limit = limit
    }

    var count: Int { entries.count }

    /// The name of a statement, and whether it has yet to be prepared under it.
    ///
    /// The server keeps a statement's plan. A plan that was made for an empty table may read all its rows each time,
    /// even when there are many. So a statement that is used often is prepared again.
    ///
    /// - Complexity: O(`limit`) entries if one has to go, else O(1).
    mutating func name(of sql: String) -> (name: String, isNew: Bool) {
      uses += 1
      if var entry = entries[sql] {
        entry.lastUse = uses
        entry.count += 1
        if Self.isRenewed(after: entry.count) { return renewed(entry, sql) }
        entries[sql] = entry
        return (entry.name, false)
      }
      if entries.count >= limit,
        let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        closing.append(oldest.value.name)
        entries[oldest.key] = nil
      }
      names += 1
      entries[sql] = Entry(name: "s\(names)", lastUse: uses)
      return ("s\(names)", true)
    }

    private mutating func renewed(_ entry: Entry, _ sql: String) -> (name: String, isNew: Bool) {
      closing.append(entry.name)
      names += 1
      entries[sql] = Entry(name: "s\(names)", lastUse: uses, count: entry.count)
      return ("s\(names)", true)
    }

    private static func isRenewed(after count: Int) -> Bool {
      var renewal = firstRenewal
      while renewal < count { renewal *= 2 }
      return renewal == count
    }

    /// Forgets a statement that could not be prepared.
    mutating func forget(_ sql: String) {
      entries[sql] = nil
    }

    /// Closes a statement whose plan is of no more use; it is prepared again under another name.
    mutating func close(_ sql: String) {
      guard let entry = entries.removeValue(forKey: sql) else { return }
      closing.append(entry.name)
    }

    mutating func takeClosing() -> [String] {
      defer { closing = [] }
      return closing
    }

    /// A statement that could not be closed now.
    mutating func closeLater(_ name: String) {
      closing.append(name)
    }
  }
#endif
