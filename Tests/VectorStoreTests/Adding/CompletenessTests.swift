// An add that is not complete can be made an error, and says what is missing and why.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

@Suite struct CompletenessTests {
  @Test func aCompleteAddIsHandedOn() async throws {
    try await withStore { store, _ in
      let report = try await store.add(numberedTexts(3)).requireComplete()
      #expect(report.documents == .init(added: 3))
      let again = try await store.add(numberedTexts(3)).requireComplete()
      #expect(again.documents == .init(unchanged: 3))
    }
    // Word search without a key is what HYBRID promises.
    try await withStore(mode: .hybrid) { store, _ in
      let report = try await store.add(numberedTexts(3)).requireComplete()
      #expect(report.chunks == .init(standIn: 3))
    }
  }

  @Test func documentsThatWaitAreAnError() async throws {
    try await withStore(mode: .real) { store, _ in
      let error = await #expect(throws: StoreError.self) {
        try await store.add(numberedTexts(2)).requireComplete()
      }
      #expect(error?.code == .serviceUnavailable)
      #expect(
        error?.message
          == "not all was added: 2 documents waiting for vectors; the embedding service "
          + "stopped: there is no embedding service; configure one")
    }
  }

  @Test func documentsThatFailedAreAnError() async throws {
    try await withStore { store, _ in
      let error = await #expect(throws: StoreError.self) {
        try await store.add([Document(text: "words"), Document(id: "e", text: " ")])
          .requireComplete()
      }
      #expect(error?.code == .empty)
      #expect(
        error?.message == "not all was added: 1 document failed; first error: e: document 2 of 2: "
          + "the text of \"e\" is empty; there is nothing to add")
    }
  }

  @Test func aServiceThatStoppedIsAnErrorInHybridToo() async throws {
    let refusal = ServiceError(.authentication, message: "the key is refused")
    try await withStore(mode: .hybrid, service: FakeService(failure: { refusal })) { store, _ in
      let error = await #expect(throws: StoreError.self) {
        try await store.add(numberedTexts(2)).requireComplete()
      }
      #expect(error?.code == .authenticationFailed)
      #expect(error?.message.contains("the key is refused") == true)
    }
  }

  @Test func theBudgetStopsUntilItOpensAgain() async throws {
    try await withPaidStore { paid in
      let store = try await paid.open(service: try paid.service()) {
        $0.budget.hourlyRequestLimit = .atMost(0)
      }
      let report = try await store.add(numberedTexts(2))
      let error = #expect(throws: StoreError.self) { try report.requireComplete() }
      #expect(error?.code == .budgetExceeded)
      let until = try #require(report.stopped?.until)
      #expect(until > Date())
      try await store.close()
    }
  }

  @Test func theNumberOfFilesIsKnownFromTheStart() async throws {
    try await withStore { store, folder in
      for number in 0..<300 {
        try Data("text \(number)".utf8).write(to: URL(filePath: folder.path("\(number).txt")))
      }
      let seen = Mutex<[StoreProgress]>([])
      try await store.add(paths: [folder.path("")]) { progress in
        seen.withLock { $0.append(progress) }
      }
      let progress = seen.withLock { $0 }
      #expect(progress.count >= 3)
      #expect(Set(progress.map(\.total)).count == 1)
      #expect(progress.last?.done == progress.last?.total)
      #expect(progress.first?.done == 0)
    }
  }
}
