using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks.Faults;

/// <summary>Much of something.</summary>
internal static class LoadFaults
{
    public static async Task<FaultRow> SubscriptionsAsync(int count)
    {
        await using var receiver = await CrashReceiver.StartAsync(6);
        receiver.RefuseOneIn = int.MaxValue;
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateStripeConnectionAsync();
        await hub.SubscribeAsync("stripe.**", receiver.Address);
        var stage = new FaultStage();
        await stage.SendAsync(hub, connection, 200);
        var few = await LatenciesAsync(hub, connection, stage);
        var before = hub.WorkingSet;

        var clock = Stopwatch.StartNew();
        var (first, last) = (TimeSpan.Zero, TimeSpan.Zero);
        for (var done = 0; done < count;)
        {
            var from = clock.Elapsed;
            var numbers = Enumerable.Range(done, Math.Min(1000, count - done)).ToList();
            await Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
                await hub.SubscribeAsync($"stripe.customer.kind_{number}.*", new Uri($"http://127.0.0.1:9/{number}")));
            done += numbers.Count;
            last = clock.Elapsed - from;
            first = first == TimeSpan.Zero ? last : first;
            Console.WriteLine($"  {done} subscriptions after {clock.Elapsed.TotalSeconds:0} s, the last {numbers.Count} in {last.TotalSeconds:0.0} s");
        }

        var created = clock.Elapsed;
        var memory = hub.WorkingSet - before;
        var many = await LatenciesAsync(hub, connection, stage);
        var missing = await stage.MissingAsync(receiver, TimeSpan.FromSeconds(60));
        var listed = Stopwatch.StartNew();
        var total = (await hub.ListAsync("/api/subscriptions")).Count;
        var listing = listed.Elapsed;
        await hub.StopAsync();
        var start = Stopwatch.StartNew();
        await using var again = await HubProcess.StartAsync(hub.Data);
        var starting = start.Elapsed;
        await again.StopAsync();
        hub.DeleteData();
        return new FaultRow(
            $"{count:N0} subscriptions, all with patterns of the same first segment",
            string.Create(
                CultureInfo.InvariantCulture,
                $"created through the API in {created.TotalSeconds:0} s (the first 1,000 in {first.TotalSeconds:0.0} s, the last in {last.TotalSeconds:0.0} s), {total} listed in {listing.TotalSeconds:0.0} s; resident memory {memory / 1048576:+0;-0} MB. A webhook that one of them matches is answered in p50 {many.P50:0.0} ms, p99 {many.P99:0.0} ms (with one subscription: {few.P50:0.0} and {few.P99:0.0} ms); not delivered {missing}. A start with them takes {starting.TotalSeconds:0.0} s"),
            missing == 0 && total == count + 1);
    }

    public static async Task<FaultRow> BatchAsync()
    {
        const int Size = 100;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var receiver = await CrashReceiver.StartAsync(7);
        receiver.RefuseOneIn = int.MaxValue;
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateConnectionAsync("sendgrid", new { apiKey = "SG" + "." + new string('t', 22) + "." + new string('k', 43), webhookPublicKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()) });
        await hub.SubscribeAsync("sendgrid.**", receiver.Address);

        var (first, took) = await SendAsync(0, Size);
        var again = await SendAsync(0, Size);
        var half = await SendAsync(Size / 2, Size);
        var forged = await SendAsync(0, Size, tamper: true);
        await FaultStage.UntilAsync(() => Task.FromResult(receiver.Arrivals().Select(arrival => arrival.EventId).Distinct().Count() >= Size * 3 / 2), TimeSpan.FromSeconds(30));

        var ids = (await hub.ListAsync("/api/events?provider=sendgrid")).Select(item => FaultStage.Text(item, "providerEventId")).ToList();
        var arrivals = receiver.Arrivals();
        await hub.StopAsync();
        hub.DeleteData();
        var sound = first == HttpStatusCode.OK && again.Status == HttpStatusCode.OK && half.Status == HttpStatusCode.OK && forged.Status == HttpStatusCode.Unauthorized
            && ids.Count == Size * 3 / 2 && ids.Distinct().Count() == ids.Count && arrivals.Count == ids.Count;
        return new FaultRow(
            "A batch of 100 events from SendGrid, signed by its scheme (ECDSA P-256)",
            string.Create(
                CultureInfo.InvariantCulture,
                $"answered {(int)first} in {took.TotalMilliseconds:0} ms, one commit; the same again {(int)again.Status}, nothing stored; 50 old and 50 new {(int)half.Status}, the 50 new stored; a byte changed {(int)forged.Status}. {ids.Count} events stored ({ids.Distinct().Count()} different), {arrivals.Count} deliveries of {arrivals.Select(arrival => arrival.EventId).Distinct().Count()} events"),
            sound);

        async Task<(HttpStatusCode Status, TimeSpan Took)> SendAsync(int from, int size, bool tamper = false)
        {
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            var body = FaultStage.Utf8("[" + string.Join(",\r\n", Enumerable.Range(from, size).Select(number =>
                $$"""{"email":"person{{number}}@example.com","timestamp":{{now}},"event":"delivered","sg_event_id":"sg_{{number:D5}}","sg_message_id":"m_{{number}}.recvd","response":"250 OK"}""")) + "]\r\n");
            var signature = key.SignData([.. FaultStage.Utf8(now.ToString(CultureInfo.InvariantCulture)), .. body], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            if (tamper)
                body[^10] ^= 1;

            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hub.Address, $"/v1/webhooks/sendgrid/{connection}"))
            {
                Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } },
                Headers = { { "X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(signature) }, { "X-Twilio-Email-Event-Webhook-Timestamp", now.ToString(CultureInfo.InvariantCulture) } },
            };
            var watch = Stopwatch.StartNew();
            using var answer = await hub.Client.SendAsync(request);
            return (answer.StatusCode, watch.Elapsed);
        }
    }

    private static async Task<(double P50, double P99)> LatenciesAsync(HubProcess hub, string connection, FaultStage stage)
    {
        var times = new List<double>();
        for (var i = 0; i < 500; i++)
        {
            var watch = Stopwatch.StartNew();
            await stage.SendOneAsync(hub, connection);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        return (times[times.Count / 2], times[(int)(times.Count * 0.99)]);
    }
}
