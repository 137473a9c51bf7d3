// TransportFailure: what people are told about broken connections. HTTPTransportTests makes real ones.

import Testing

@testable import VectorStoreEmbedding

@Suite struct TransportFailureTests {
  private struct Odd: Error, CustomStringConvertible {
    var description: String { "odd thing with sk-secret1" }
  }

  private static func error(_ error: any Error, wasSent: Bool) -> ServiceError {
    TransportFailure(error, wasSent: wasSent)
      .serviceError(server: "host:1", timeout: 30, text: ServerText(key: nil))
  }

  @Test func isNoTryAtAllBeforeTheRequestWasWritten() {
    let error = Self.error(Odd(), wasSent: false)
    #expect(error.kind == .network)
    #expect(error.code == "connection_failed")
    #expect(error.billing == .notSent)
    #expect(
      error.message
        == "cannot connect to host:1: odd thing with [key]; check the network and OPENAI_API_URL")
  }

  @Test func mayBeBilledAfterwards() {
    let error = Self.error(Odd(), wasSent: true)
    #expect(error.kind == .network)
    #expect(error.billing == .possible)
    #expect(
      error.message
        == "the connection to host:1 broke: odd thing with [key]; the request may have been billed; "
        + "try again")
  }

  @Test func describesItselfInOneLine() {
    #expect(
      "\(TransportFailure(AnswerTooLarge(), wasSent: true))" == "too_large: AnswerTooLarge()")
  }

  @Test func refusesAnswersThatAreTooLarge() {
    let error = Self.error(AnswerTooLarge(), wasSent: true)
    #expect(error.kind == .badAnswer)
    #expect(error.code == "too_large")
    #expect(error.billing == .possible)
    #expect(
      error.message
        == "the answer of host:1 cannot be used: it is larger than any right one; check OPENAI_API_URL"
    )
  }
}
