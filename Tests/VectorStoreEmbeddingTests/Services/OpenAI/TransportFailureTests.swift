// TransportFailure: what people are told about broken connections. HTTPTransportTests makes real ones.

import Testing

@testable import VectorStoreEmbedding

@Suite struct TransportFailureTests {
  private static func error(_ failure: TransportFailure) -> ServiceError {
    failure
      .serviceError(server: "host:1", timeout: 30, text: ServerText(key: nil))
  }

  @Test func isNoTryAtAllBeforeTheRequestWasWritten() {
    let error = Self.error(
      TransportFailure(.broken, detail: "odd thing with sk-secret1"))
    #expect(error.kind == .network)
    #expect(error.code == "connection_failed")
    #expect(error.billing == .notSent)
    #expect(
      error.message
        == "cannot connect to host:1: odd thing with [key]; check the network and the address")
  }

  @Test func mayBeBilledAfterwards() {
    let error = Self.error(
      TransportFailure(.broken, wasSent: true, detail: "odd thing with sk-secret1"))
    #expect(error.kind == .network)
    #expect(error.billing == .possible)
    #expect(
      error.message
        == "the connection to host:1 broke: odd thing with [key]; the request may have been billed; "
        + "try again")
  }

  @Test func describesItselfInOneLine() {
    #expect(
      "\(TransportFailure(.broken, detail: "no route"))" == "connection_failed: no route")
    #expect("\(TransportFailure(.tooLarge, wasSent: true))" == "too_large")
  }

  @Test func saysWhatToDoAboutACertificate() {
    let error = Self.error(TransportFailure(.untrusted, detail: "self-signed certificate"))
    #expect(error.kind == .network)
    #expect(error.code == "certificate_not_trusted")
    let action = RetryPolicy(maximumRetries: 3).action(
      after: error, tryNumber: 1, texts: 1, random: 0)
    #expect(action == .stop, "it is no more trusted the next time")
    #expect(error.billing == .notSent)
    #expect(
      error.message
        == "the certificate of host:1 is not trusted: self-signed certificate; check "
        + "the address, or name a file with its authority's certificate")
  }

  @Test func refusesAnswersThatAreTooLarge() {
    let error = Self.error(TransportFailure(.tooLarge, wasSent: true))
    #expect(error.kind == .badAnswer)
    #expect(error.code == "too_large")
    #expect(error.billing == .possible)
    #expect(
      error.message
        == "the answer of host:1 cannot be used: it is larger than any right one; check the address"
    )
  }
}
