#if Postgres
  import Testing

  @testable import VectorStorePostgres

  @Suite struct PostgresStatementsTests {
    @Test func preparesEachTextOnce() {
      var statements = PostgresStatements(limit: 2)
      let first = statements.name(of: "a")
      #expect(first.isNew)
      #expect(statements.name(of: "a") == (first.name, false))
    }

    @Test func closesTheOneUnusedForLongest() {
      var statements = PostgresStatements(limit: 2)
      let a = statements.name(of: "a").name
      let b = statements.name(of: "b").name
      _ = statements.name(of: "a")
      _ = statements.name(of: "c")
      #expect(statements.takeClosing() == [b])
      #expect(statements.closing.isEmpty)
      #expect(statements.name(of: "a") == (a, false))
      #expect(statements.name(of: "b").isNew)
      #expect(statements.count == 2)
    }

    @Test func preparesWhatIsUsedMuchAgain() {
      var statements = PostgresStatements(limit: 2)
      var names: Set<String> = []
      var renewals: [Int] = []
      for use in 1...1000 {
        let (name, isNew) = statements.name(of: "a")
        names.insert(name)
        if isNew { renewals.append(use) }
      }
      #expect(renewals == [1, 64, 128, 256, 512])
      #expect(names.count == renewals.count)
      #expect(Set(statements.takeClosing()) == names.subtracting([statements.name(of: "a").name]))
    }

    @Test func namesNoTwoAlike() {
      var statements = PostgresStatements(limit: 1)
      var names: Set<String> = []
      for number in 0..<100 { names.insert(statements.name(of: "\(number % 3)").name) }
      #expect(names.count == 100)
    }
  }
#endif
