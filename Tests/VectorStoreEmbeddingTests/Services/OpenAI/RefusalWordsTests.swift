// RefusalWords: what the messages of real servers say.

import Testing

@testable import VectorStoreEmbedding

@Suite struct RefusalWordsTests {
  @Test(
    arguments: [
      (
        "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be "
          + "larger than 10.: input.contents", .texts(10)
      ),
      ("batch size 64 > maximum allowed batch size 32", .texts(32)),
      (
        "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch",
        .texts(100)
      ),
      ("List should have at most 32 items after validation, not 256", .texts(32)),
      ("The batch size limit is 1000. Your batch size is 1001.", .texts(1000)),
      ("invalid request: total number of texts must be at most 96 - received 100", .texts(96)),
      ("Invalid 'input': array too long. Expected an array with maximum length 2048", .texts(2048)),
      ("Too many inputs in request, split into more batches.", .texts(nil)),
      ("Too many tokens overall, split into more batches.", .tokens(nil)),
      ("Too many tokens in batch. Max is 16384 got 20010", .tokens(16_384)),
      ("The input token count is 25000 but the model supports up to 20000.", .tokens(20_000)),
      (
        "Request to model 'voyage-3' failed. The max allowed tokens per submitted batch is 120000. Your "
          + "batch has 127330 tokens after truncation.", .tokens(120_000)
      ),
      (
        "Request body too large for text-embedding-3-small model. Max size: 64000 tokens.",
        .tokens(64_000)
      ),
      ("Requested 400000 tokens, max 300000 tokens per request.", .tokens(300_000)),
      (
        "input (902 tokens) is too large to process. increase the physical batch size (current batch "
          + "size: 512)", .textTokens(512)
      ),
      ("input is too large to process. increase the physical batch size", .textTokens(nil)),
      (
        "This model's maximum context length is 512 tokens. However, you requested 902 tokens in the "
          + "input for embedding generation. Please reduce the length of the input.",
        .textTokens(512)
      ),
      (
        "Input validation error: `inputs` must have less than 512 tokens. Given: 902",
        .textTokens(512)
      ),
      ("Invalid 'input[3]': maximum context length is 8,192 tokens.", .textTokens(8192)),
      ("the input length exceeds the context length", .textTokens(nil)),
      ("'$.input' is invalid.", nil), ("Internal server error", nil), ("", nil), (nil, nil),
    ] as [(String?, RequestLimit?)])
  func findsTheLimitThatWasPassed(message: String?, limit: RequestLimit?) {
    #expect(RefusalWords(message).limit == limit)
  }

  @Test(arguments: [
    "model \"nomic\" not found, try pulling it first", "No models loaded. Please load a model",
    "Invalid model: nomic", "The model `x` does not exist.",
    "The API deployment for this resource does not exist.",
    "/embeddings: Invalid model name passed in model=x",
  ])
  func knowsThatAModelIsMissing(message: String) {
    #expect(RefusalWords(message).isAboutModel)
  }

  @Test(arguments: ["Not Found", "your text was not found to be good", "input is invalid"])
  func takesNothingElseForAModel(message: String) {
    #expect(!RefusalWords(message).isAboutModel)
  }

  @Test func knowsKeysFormsAndFields() {
    #expect(RefusalWords("API key not valid. Please pass a valid API key.").isAboutKey)
    #expect(RefusalWords("base64 encoding is not currently supported").isAboutEncoding)
    let field = RefusalWords("extra fields not permitted: ['encoding_format']")
    #expect(field.isAboutEncoding && field.isUnknownField)
    #expect(RefusalWords("Model does not support matryoshka representation").isAboutDimensions)
  }
}
