import Testing

@testable import StoreCLI

@Suite struct ServiceAddressTests {
  @Test func writesAddressesInTheirShortestForm() {
    for (text, shortest) in [
      ("https://api.openai.com", "https://api.openai.com"),
      ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com/v1"),
      ("http://localhost:11434/v1", "http://localhost:11434/v1"),
      ("http://nas:80//", "http://nas"), ("http://[::1]:8080", "http://[::1]:8080"),
      ("https://a_b-c.example:8443/x/%20y/@z", "https://a_b-c.example:8443/x/%20y/@z"),
    ] {
      #expect(ServiceAddress(text)?.description == shortest)
    }
  }

  @Test(arguments: [
    "", "api.openai.com", "localhost:8080", "ftp://host", "://host", "https://", "https:///v1",
    "https:host", "https://host:", "https://host:0", "https://host:65536", "https://host:+80",
    "https://host:80:80", "https://user@host", "https://user:word@host", "https://host?x=1",
    "https://host/v1?x=1", "https://host#x", "https://host /v1", " https://host", "https://host ",
    "https://ho st", "https://host/a b", "https://host\\@evil.example", "https://h%6fst",
    "https://hóst", "https://host/é", "https://.host", "https://[::1", "https://[host]",
    "https://[::1]x", "https://ho\nst", "https://host/\u{1B}[0m", "https://a;b",
  ])
  func refusesWhatIsNoPlainAddress(text: String) {
    #expect(ServiceAddress(text) == nil)
  }

  @Test func knowsOpenAIsOwn() {
    for text in [
      "https://api.openai.com", "https://api.openai.com/v1", "https://api.openai.com:443/",
      "https://EU.api.openai.com/v1",
    ] {
      #expect(ServiceAddress(text)?.isOpenAI == true, "\(text)")
      #expect(ServiceAddress(text)?.provider == "openai")
    }
    for text in [
      "https://api.openai.com.evil.example", "https://evil-api.openai.com",
      "https://evilapi.openai.com", "https://api.openai.com:8443", "https://api.openai.com.",
      "https://openai.com", "https://evil.example/api.openai.com",
    ] {
      #expect(ServiceAddress(text)?.isOpenAI == false, "\(text)")
      #expect(ServiceAddress(text)?.provider != "openai")
    }
    #expect(ServiceAddress("http://api.openai.com/v1") == nil)
  }

  @Test func namesAnotherServerByItsHostAndPort() {
    #expect(ServiceAddress("http://NAS:8080/v1")?.provider == "nas:8080")
    #expect(ServiceAddress("https://llm.example/v1")?.provider == "llm.example:443")
    #expect(ServiceAddress("http://[::1]/")?.provider == "[::1]:80")
    #expect(ServiceAddress("http://openai")?.provider == "openai:80")
    #expect(ServiceAddress("http://mock")?.provider == "mock:80")
  }

  @Test func knowsThisMachine() {
    for host in [
      "localhost", "LOCALHOST:1", "a.localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:5",
    ] {
      #expect(ServiceAddress("http://\(host)")?.isLoopback == true, "\(host)")
    }
    for host in [
      "127.0.0.1.evil.example", "localhost.evil.example", "127.evil", "127.0.0.256", "128.0.0.1",
      "0.0.0.0", "192.168.0.1", "[::2]", "127.0.0.1.",
    ] {
      #expect(ServiceAddress("http://\(host)")?.isLoopback == false, "\(host)")
    }
  }
}
