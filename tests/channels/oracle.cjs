// Reads a JSON list of texts, writes what twitter-text says of each.
const twitter = require(process.argv[2]);

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece) => (input += piece));
process.stdin.on("end", () => {
  const answers = JSON.parse(input).map((text) => {
    const urls = twitter.extractUrlsWithIndices(text.normalize());
    return {
      length: twitter.parseTweet(text).weightedLength,
      urls: urls.map((found) => [found.indices[0], found.url.length]),
      cashtags: twitter.extractCashtags(text).length,
      invalid: twitter.hasInvalidCharacters(text),
    };
  });
  process.stdout.write(JSON.stringify(answers));
});
