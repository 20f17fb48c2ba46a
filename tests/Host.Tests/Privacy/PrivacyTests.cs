using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Jobs;
using IntegrationHub.Host.Privacy;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Privacy;

public sealed class PrivacyTests(RealHub hub) : IClassFixture<RealHub>
{
    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Erase_BySubjectAndPointer_TakesAllOfThePersonAndNothingElse()
    {
        using var admin = await hub.AdminAsync("clinic");
        const string Person = "ada@example.org";
        var bySubject = await PublishAsync(admin, "visit", Person, """{"n":1}""");
        var byPointer = await PublishAsync(admin, "visit", "v_1", $$"""{"patients":[{"mail":"bob@example.org"},{"mail":"{{Person}}"}]}""");
        var mentioned = await PublishAsync(admin, "visit", "v_2", $$"""{"note":"{{Person}}"}""");
        var other = await PublishAsync(admin, "visit", "bob@example.org", """{"n":2}""");
        using var neighbour = await hub.AdminAsync("bakery");
        var elsewhere = await PublishAsync(neighbour, "visit", Person, """{"n":3}""");
        var (job, effect) = await OperateAsync("clinic", Person);
        var (otherJob, otherEffect) = await OperateAsync("clinic", "carl@example.org");

        var erasure = await EraseAsync(admin, new { project = "clinic", subject = Person, reason = "Ticket 7.", pointers = new[] { "/patients/*/mail" } });

        Assert.Equal((404, 404, 200, 200), (await StatusAsync(admin, bySubject), await StatusAsync(admin, byPointer), await StatusAsync(admin, mentioned), await StatusAsync(admin, other)));
        Assert.Equal(200, await StatusAsync(neighbour, elsewhere));
        var deleted = erasure.GetProperty("deleted");
        Assert.Equal((2, 1, 1), (deleted.GetProperty("events").GetInt32(), deleted.GetProperty("jobs").GetInt32(), deleted.GetProperty("effects").GetInt32()));
        Assert.Null(await hub.Services.GetRequiredService<IJobStore>().GetAsync(job, None));
        Assert.NotNull(await hub.Services.GetRequiredService<IJobStore>().GetAsync(otherJob, None));
        var blanked = await hub.Services.GetRequiredService<IEffectStore>().GetAsync(effect, None);
        Assert.Equal(("Erased.", null, EffectVerdict.Unknown), (blanked!.Reason, blanked.IdempotencyKey, blanked.Verdict));
        Assert.Contains("carl", (await hub.Services.GetRequiredService<IEffectStore>().GetAsync(otherEffect, None))!.Reason, StringComparison.Ordinal);

        // Who was erased stands nowhere: not in the order, not in the audit.
        using var bootstrap = hub.Bootstrap();
        var audit = (await bootstrap.SendAsync("GET", $"/api/audit?target={erasure.GetProperty("id").GetString()}")).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["privacy.erased", "privacy.erasure_requested"], audit.Select(entry => entry.GetProperty("action").GetString()));
        Assert.All(audit, entry => Assert.DoesNotContain(Person, entry.GetRawText(), StringComparison.Ordinal));
        Assert.Equal(2, audit[0].GetProperty("details").GetProperty("counts").GetProperty("events").GetInt32());
        Assert.DoesNotContain(Person, erasure.GetRawText(), StringComparison.Ordinal);
        Assert.Null((await hub.Services.GetRequiredService<IErasureStore>().GetAsync(erasure.GetProperty("id").GetString()!, None))!.SealedQuery);
    }

    [Fact]
    public async Task Erase_AWebhooksEvent_TakesItsRawRequestDeliveriesAndAttempts()
    {
        using var things = await Access.ProjectThings.MakeAsync(hub, "pharmacy");
        var hubEvent = await hub.Services.GetRequiredService<IEventStore>().GetAsync(things.Things["event"], None);

        var erasure = await EraseAsync(things.Client, new { project = "pharmacy", subject = hubEvent!.Subject, reason = "Ticket 8." });

        var deleted = erasure.GetProperty("deleted");
        Assert.Equal((1, 1), (deleted.GetProperty("events").GetInt32(), deleted.GetProperty("rawRequests").GetInt32()));
        Assert.InRange(deleted.GetProperty("deliveries").GetInt32(), 2, int.MaxValue);
        Assert.Null(await hub.Services.GetRequiredService<IEventStore>().GetRawAsync(hubEvent.RequestId!, None));
        Assert.Equal(404, (await things.Client.SendAsync("GET", $"/api/dead-letters/{things.Things["deadLetter"]}")).Status);
    }

    [Fact]
    public async Task Erase_AnIdThatIsSentAgain_IsNotBroughtBack()
    {
        using var admin = await hub.AdminAsync("gym");
        const string Body = """{"type":"visit","id":"visit-1","subject":"dora","data":{}}""";
        Assert.Equal(201, (await admin.SendAsync("POST", "/api/events", Body)).Status);
        await EraseAsync(admin, new { project = "gym", subject = "dora", reason = "Ticket 9." });

        var again = await admin.SendAsync("POST", "/api/events", Body);

        Assert.Equal((410, "event_gone"), (again.Status, again["code"]));
    }

    [Fact]
    public async Task Erase_TakenUpHalfway_GoesOnToTheEnd()
    {
        using var admin = await hub.AdminAsync("spa");
        for (var i = 0; i < 130; i++)
            await PublishAsync(admin, "visit", "eve", "{}");
        var (store, services) = (hub.Services.GetRequiredService<IErasureStore>(), hub.Services);
        var id = Ids.New(Ids.Erasure, TimeProvider.System);
        var person = new PersonQuery { Subject = "eve" };
        var order = new Erasure
        {
            Id = id, Project = "spa", SubjectHash = new byte[32], Reason = "Ticket 10.", State = ErasureState.Running, Phase = ErasurePhase.Subjects, Actor = "key_1", CorrelationId = "corr",
            SealedQuery = services.GetRequiredService<IPayloadSealer>().Seal(JsonSerializer.SerializeToUtf8Bytes(person), id), CreatedAt = TimeProvider.System.GetUtcNow(),
        };
        await store.AddAsync(order, None);

        // As a process leaves it that ended after its first commit.
        var some = await store.ListAsync(ErasurePhase.Subjects, "spa", "eve", "", 7, None);
        await store.EraseAsync(order, person, [.. some.Select(thing => thing.Id)], order with { Position = some[^1].Position }, None);
        services.GetRequiredService<ErasureSignal>().Wake();

        var done = await CompletedAsync(admin, id);
        Assert.Equal(130, done.GetProperty("deleted").GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task Export_GivesWhatIsHeld_OneALine()
    {
        using var admin = await hub.AdminAsync("library");
        var first = await PublishAsync(admin, "loan", "finn", "{\n \"book\": 1\n}");
        var second = await PublishAsync(admin, "loan", "l_2", """{"reader":{"name":"finn"}}""");
        await PublishAsync(admin, "loan", "gus", "{}");

        using var content = new StringContent("""{"subject":"finn","reason":"Request 3.","pointers":["/reader/name"]}""", Encoding.UTF8, "application/json");
        using var answer = await admin.PostAsync(new Uri("/api/privacy/export", UriKind.Relative), content);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line).GetProperty("id").GetString());

        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal([first, second], lines);
    }

    [Theory]
    [InlineData("""{"subject":"","reason":"why so","project":"library"}""", "/subject")]
    [InlineData("""{"subject":"x","reason":"no","project":"library"}""", "/reason")]
    [InlineData("""{"subject":"cus_9","reason":"because of cus_9","project":"library"}""", "/reason")]
    [InlineData("""{"subject":"x","reason":"why so","pointers":["a/b"],"project":"library"}""", "/pointers/0")]
    [InlineData("""{"subject":"x","reason":"why so","project":"a/b"}""", "/project")]
    [InlineData("""{"reason":"why so"}""", "/subject")]
    [InlineData("""{"subject":"x","reason":"why so"}""", "/project")]
    public async Task Erase_Faulty_NamesThePlace(string body, string pointer)
    {
        using var admin = hub.Bootstrap();
        foreach (var path in new[] { "/api/privacy/erasures", "/api/privacy/export" })
            Assert.Equal([pointer], (await admin.SendAsync("POST", path, body)).Pointers);
    }

    [Theory]
    [InlineData("ada", "by ada.", true)]
    [InlineData("ada", "canada", false)]
    [InlineData("ada", "ada2 ada", true)]
    [InlineData("12", "123 412", false)]
    [InlineData("a/b", """{"x":"a\/b"}""", true)]
    [InlineData("zoë", """{"x":"zo\u00EB"}""", true)]
    public void IsInText_WholeWords_HoweverEscaped(string subject, string text, bool expected) => Assert.Equal(expected, new PersonQuery { Subject = subject }.IsInText(text));

    private async Task<JsonElement> EraseAsync(HttpClient client, object order)
    {
        var answer = await client.SendAsync("POST", "/api/privacy/erasures", JsonSerializer.Serialize(order));
        Assert.True(answer.Status == 202, answer.Text);
        return await CompletedAsync(client, answer["id"]!);
    }

    private static async Task<JsonElement> CompletedAsync(HttpClient client, string id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var answer = await client.SendAsync("GET", $"/api/privacy/erasures/{id}", cancellationToken: patience.Token);
            if (answer["state"] == "completed")
                return answer.Json;
        }
    }

    private static async Task<string> PublishAsync(HttpClient client, string type, string subject, string data)
    {
        var answer = await client.SendAsync("POST", "/api/events", $$"""{"type":"{{type}}","subject":"{{subject}}","data":{{data}}}""");
        Assert.True(answer.Status == 201, answer.Text);
        return answer["id"]!;
    }

    private static async Task<int> StatusAsync(HttpClient client, string id) => (await client.SendAsync("GET", $"/api/events/{id}")).Status;

    private async Task<(string Job, string Effect)> OperateAsync(string project, string person)
    {
        var now = TimeProvider.System.GetUtcNow();
        var id = Ids.New(Ids.Job, now);
        await hub.Services.GetRequiredService<IJobStore>().AddAsync(
            new Job
            {
                Id = id, ConnectionId = "conn_1", Project = project, Environment = "dev", Provider = "stripe", Operation = "send", Actor = "key_1", CorrelationId = "corr", IdempotencyKey = id,
                SealedInput = hub.Services.GetRequiredService<IPayloadSealer>().Seal(Encoding.UTF8.GetBytes($$$"""{"parameters":{"to":"{{{person}}}"}}"""), id),
                State = JobState.Queued, NextRunAt = now.AddDays(1), CreatedAt = now,
            },
            None);
        var effect = new Effect
        {
            Id = Ids.New(Ids.Effect, now), ConnectionId = "conn_1", Project = project, Environment = "dev", Provider = "stripe", Operation = "send", Actor = "key_1", CorrelationId = "corr",
            IdempotencyKey = $"mail-{person}", ParametersHash = new byte[32], StartedAt = now, Verdict = EffectVerdict.Pending,
        };
        var effects = hub.Services.GetRequiredService<IEffectStore>();
        await effects.AddAsync(effect, None);
        await effects.CompleteAsync(effect with { Verdict = EffectVerdict.Unknown, Reason = $"No answer about {person}.", CompletedAt = now }, None);
        return (id, effect.Id);
    }
}
