using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Plugins.Install;

namespace IntegrationHub.Host.Tests.Access;

/// <summary>Every route that changes something, once with success: who did it, to what, in which project and from where is in the audit.</summary>
public sealed class AuditWalkTests : IAsyncLifetime
{
    /// <summary>Changes whose entry names no project although they are no hub-wide ones, and why.</summary>
    private static readonly Dictionary<string, string> WithoutProject = new()
    {
        ["POST /api/events/stream/tickets"] = "a ticket reads what its key reads, in all of the key's projects",
        ["POST /api/dead-letters/replay"] = "one request for all projects that the key sees; the entry names the deliveries",
    };

    /// <summary>Requests that leave no entry, and why.</summary>
    private static readonly Dictionary<string, string> NotAudited = new()
    {
        ["POST /api/subscriptions/preview"] = "it sends, stores and changes nothing, and shows no more than GET /api/events/{id} does",
    };

    private readonly RealHub hub = new();
    private ProjectThings mine = null!;

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        mine = await ProjectThings.MakeAsync(hub, "orchard");
    }

    [Fact]
    public async Task EveryChange_LeavesAnEntry_WithWhoWhatAndFromWhere()
    {
        using var auditor = hub.Bootstrap();
        using var wide = await hub.AdminAsync();
        var wrong = new List<string>();
        var walked = 0;
        foreach (var route in ApiStage.Routes(hub.Services).Where(route => route.Required is not null && route.IsChange && !NotAudited.ContainsKey(route.Name)))
            foreach (var body in ApiStage.BodiesOf(route))
            {
                await mine.RenewAsync();
                var client = route.HubWide is null ? mine.Client : wide;
                var correlation = $"walk-{Guid.NewGuid():N}";
                var (status, text) = await SendAsync(client, route, ApiStage.Fill(body, mine.Things), correlation);
                if (status is < 200 or > 299)
                {
                    wrong.Add($"{route.Name} {body}: give it a body and things that work; it answered {status} {text}");
                    continue;
                }

                walked++;
                var entries = await EntriesAsync(auditor, correlation);
                if (entries.Count == 0)
                    wrong.Add($"{route.Name} {body}: there is no entry. Record it, or say in {nameof(NotAudited)} why not.");

                var project = route.HubWide is null && !WithoutProject.ContainsKey(route.Name) ? mine.Project : null;
                foreach (var entry in entries)
                {
                    var said = (Actor: entry.GetProperty("actor").GetString(), Project: entry.GetProperty("project").GetString(), Address: entry.GetProperty("address").GetString());
                    if (said.Actor is null or "system" or "bootstrap" || said.Project != project || said.Address != "127.0.0.1")
                        wrong.Add($"{route.Name}: {entry.GetRawText()} (expected the project {project ?? "null"})");
                }
            }

        Assert.Empty(wrong);
        Assert.InRange(walked, 25, int.MaxValue);
        Assert.True((await auditor.SendAsync("GET", "/api/audit/verify")).Json.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Exceptions_AreRoutesThatThereAre()
    {
        var routes = ApiStage.Routes(hub.Services).Select(route => route.Name).ToHashSet();

        Assert.All(WithoutProject.Keys.Concat(NotAudited.Keys), name => Assert.Contains(name, routes));
    }

    public async Task DisposeAsync()
    {
        mine.Dispose();
        await hub.DisposeAsync();
    }

    private async Task<(int Status, string Text)> SendAsync(HttpClient client, ApiRoute route, string? body, string correlation)
    {
        var isPlugin = route.Path.StartsWith("/api/plugins", StringComparison.Ordinal);
        if (isPlugin && route.Parameters.Any())
        {
            using var install = await client.PostAsync(new Uri("/api/plugins?force=true", UriKind.Relative), Package());
            Assert.True(install.IsSuccessStatusCode, await install.Content.ReadAsStringAsync());
        }

        var path = isPlugin ? route.Path.Replace("{id}", "acme", StringComparison.Ordinal) : null;
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), path ?? ApiStage.Fill(route, mine.Things));
        request.Headers.Add("X-Correlation-Id", correlation);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        else if (route.Name == "POST /api/plugins")
            request.Content = Package();

        using var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static StreamContent Package() => new(InstallHub.Package("acme")) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };

    /// <summary>Calls that change nothing of the hub are recorded soon, not at once.</summary>
    private static async Task<List<JsonElement>> EntriesAsync(HttpClient auditor, string correlation)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var page = await auditor.SendAsync("GET", "/api/audit?limit=50");
            var found = page.Json.GetProperty("items").EnumerateArray().Where(entry => entry.GetProperty("correlationId").GetString() == correlation && entry.GetProperty("actor").GetString() != "system").ToList();
            if (found.Count > 0 || patience.IsCancellationRequested)
                return found;
        }
    }
}
