using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Benchmarks;

/// <summary>What a run came to.</summary>
internal sealed record LoadResult(long Acknowledged, long Refused, TimeSpan Elapsed, double[] LatenciesMs, IReadOnlyCollection<string> Ids)
{
    public double PerSecond => Acknowledged / Elapsed.TotalSeconds;

    public double Percentile(double share) => LatenciesMs.Length == 0 ? 0 : LatenciesMs[Math.Min(LatenciesMs.Length - 1, (int)(LatenciesMs.Length * share))];
}

/// <summary>
/// Sends Stripe events of about 3 KB, each with an id and a signature of its own, over keep-alive connections, one request at a time on each.
/// Raw sockets: the client's share of the two cores is the same for the hub and for the baseline, and small.
/// </summary>
internal sealed class StripeLoad(int port, string path, TimeProvider time)
{
    public static readonly string Secret = "whsec_" + string.Concat(Enumerable.Repeat("bench", 6));

    private const int IdLength = 24;
    private static long sequence;

    /// <summary>How long the body of each event is, in bytes.</summary>
    public int BodyLength => new RequestBuffer(path).BodyLength;

    /// <param name="connections">How many requests are in flight.</param>
    /// <param name="duration">How long.</param>
    /// <param name="keepIds">Whether the ids of what was acknowledged are kept.</param>
    /// <param name="again">The events to send, over and over in their order; by default each is a new one.</param>
    public async Task<LoadResult> RunAsync(int connections, TimeSpan duration, bool keepIds, IReadOnlyList<string>? again = null)
    {
        var ids = new ConcurrentBag<List<string>>();
        var latencies = new ConcurrentBag<List<double>>();
        long acknowledged = 0, refused = 0, next = -1;
        var clock = Stopwatch.StartNew();
        var workers = Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            var mine = new List<string>();
            var times = new List<double>(65536);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            var request = new RequestBuffer(path);
            var answer = new byte[4096];
            while (clock.Elapsed < duration)
            {
                var id = again is null ? NewId() : again[(int)(Interlocked.Increment(ref next) % again.Count)];
                var bytes = request.Fill(id, time.GetUtcNow().ToUnixTimeSeconds());
                var begun = Stopwatch.GetTimestamp();
                await socket.SendAsync(bytes);
                var status = await ReadStatusAsync(socket, answer);
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                if (status == 200)
                {
                    Interlocked.Increment(ref acknowledged);
                    if (keepIds)
                        mine.Add(id);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }

            ids.Add(mine);
            latencies.Add(times);
        })).ToList();
        await Task.WhenAll(workers);
        var elapsed = clock.Elapsed;
        double[] sorted = [.. latencies.SelectMany(list => list)];
        Array.Sort(sorted);
        return new LoadResult(acknowledged, refused, elapsed, sorted, [.. ids.SelectMany(list => list)]);
    }

    /// <summary>Never the same twice, and in no order: an index over such ids is written all over, as with a provider's.</summary>
    private static string NewId()
    {
        // An odd factor maps the numbers onto each other one to one, and neighbours far apart (Knuth, multiplicative hashing).
        var scrambled = unchecked((ulong)Interlocked.Increment(ref sequence) * 11400714819323198485UL);
        return "evt_" + scrambled.ToString("x16", CultureInfo.InvariantCulture).PadLeft(IdLength - 4, '1');
    }

    /// <summary>Sends so many a second, each at its time, whatever the answers take.</summary>
    /// <param name="connections">The most requests at once.</param>
    /// <param name="rate">Events a second.</param>
    /// <param name="duration">How long.</param>
    /// <param name="sent">Gets each acknowledged event's id, with when it was sent (a timestamp).</param>
    /// <returns>By how many milliseconds an event was sent late, at most.</returns>
    public async Task<double> RunPacedAsync(int connections, int rate, TimeSpan duration, ConcurrentDictionary<string, long> sent)
    {
        var start = Stopwatch.GetTimestamp();
        var total = (long)(rate * duration.TotalSeconds);
        long next = -1;
        var late = new ConcurrentBag<double>();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port);
            var request = new RequestBuffer(path);
            var answer = new byte[4096];
            var worst = 0.0;
            for (var number = Interlocked.Increment(ref next); number < total; number = Interlocked.Increment(ref next))
            {
                var due = TimeSpan.FromSeconds((double)number / rate);
                if (due - Stopwatch.GetElapsedTime(start) is { TotalMilliseconds: > 1 } wait)
                    await Task.Delay(wait);

                var id = NewId();
                var bytes = request.Fill(id, time.GetUtcNow().ToUnixTimeSeconds());
                var begun = Stopwatch.GetTimestamp();
                worst = Math.Max(worst, (Stopwatch.GetElapsedTime(start, begun) - due).TotalMilliseconds);
                await socket.SendAsync(bytes);
                if (await ReadStatusAsync(socket, answer) == 200)
                    sent[id] = begun;
            }

            late.Add(worst);
        })));
        return late.Max();
    }

    /// <summary>Reads one answer; both servers answer with a Content-Length or an empty body.</summary>
    private static async Task<int> ReadStatusAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (count == 0)
                throw new IOException("The server closed the connection.");

            filled += count;
            var head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (head < 0)
                continue;

            var text = Encoding.ASCII.GetString(buffer, 0, head);
            var length = 0;
            var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            if (at >= 0)
            {
                var end = text.IndexOf('\r', at);
                length = int.Parse(text.AsSpan(at + 16, (end < 0 ? text.Length : end) - at - 16), CultureInfo.InvariantCulture);
            }

            while (filled < head + 4 + length)
                filled += await socket.ReceiveAsync(buffer.AsMemory(filled));

            return int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>One request's bytes, of which only id, timestamp and signature change.</summary>
    private sealed class RequestBuffer
    {
        private readonly byte[] bytes;
        private readonly byte[] key = Encoding.UTF8.GetBytes(Secret);
        private readonly int timestampAt;
        private readonly int signatureAt;
        private readonly int idAt;
        private readonly int subjectAt;
        private readonly int bodyAt;

        public RequestBuffer(string path)
        {
            var id = new string('i', IdLength);
            var body = $$$"""{"id":"{{{id}}}","object":"event","api_version":"2024-06-20","created":1760000000,"type":"payment_intent.succeeded","livemode":false,"data":{"object":{"id":"pi_{{{new string('p', 20)}}}","object":"payment_intent","amount":2000,"currency":"sar","status":"succeeded","description":"{{{Filler()}}}"} } }""";
            var head = $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
                + $"Stripe-Signature: t=0000000000,v1={new string('0', 64)}\r\n\r\n";
            bytes = Encoding.UTF8.GetBytes(head + body);
            timestampAt = head.IndexOf("t=0", StringComparison.Ordinal) + 2;
            signatureAt = head.IndexOf("v1=", StringComparison.Ordinal) + 3;
            bodyAt = head.Length;
            idAt = bodyAt + body.IndexOf(id, StringComparison.Ordinal);
            subjectAt = bodyAt + body.IndexOf("pi_p", StringComparison.Ordinal) + 3;
        }

        public int BodyLength => bytes.Length - bodyAt;

        public ReadOnlyMemory<byte> Fill(string id, long timestamp)
        {
            Encoding.ASCII.GetBytes(id, bytes.AsSpan(idAt));
            Encoding.ASCII.GetBytes(id.AsSpan(4), bytes.AsSpan(subjectAt));
            timestamp.TryFormat(bytes.AsSpan(timestampAt), out _, default, CultureInfo.InvariantCulture);
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            hash.AppendData(bytes.AsSpan(timestampAt, 10));
            hash.AppendData("."u8);
            hash.AppendData(bytes.AsSpan(bodyAt));
            Span<byte> signature = stackalloc byte[32];
            hash.GetHashAndReset(signature);
            Convert.TryToHexStringLower(signature, bytes.AsSpan(signatureAt, 64), out _);
            return bytes;
        }

        // Text that compresses about as well as real payloads do.
        private static string Filler()
        {
            var random = new Random(7);
            var words = new[] { "order", "invoice", "customer", "riyadh", "paid", "terminal", "receipt", "card", "visa", "mada" };
            var text = new StringBuilder();
            while (text.Length < 2650)
                text.Append(words[random.Next(words.Length)]).Append('-').Append(random.Next(100000)).Append(' ');

            return text.ToString();
        }
    }
}
