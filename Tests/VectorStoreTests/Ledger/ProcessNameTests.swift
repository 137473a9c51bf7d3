import Foundation
import Testing

@testable import VectorStore

@Suite struct ProcessNameTests {
  @Test func thisProcessIsRunning() {
    #expect(ProcessName.current.number == getpid())
    #expect(!ProcessName.current.host.isEmpty)
    #expect(ProcessName.current.mayBeRunning)
  }

  @Test func numbersThatNobodyHasAreNotRunning() {
    for number in [0, -1, Int32.max] {
      #expect(!ProcessName(host: ProcessName.current.host, number: number).mayBeRunning)
    }
  }

  @Test func aProcessOfAnotherUserIsRunning() {
    #expect(ProcessName(host: ProcessName.current.host, number: 1).mayBeRunning)
  }

  @Test func anotherHostIsNotSeenFromHere() {
    let host = ProcessName.current.host + ".another"
    #expect(ProcessName(host: host, number: Int32.max).mayBeRunning)
  }
}
