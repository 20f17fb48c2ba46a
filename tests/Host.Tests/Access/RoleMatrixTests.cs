using System.Text;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Access;

/// <summary>Every route of the hub with every role: made from the routes, so that a new one is tested by being there.</summary>
public sealed class RoleMatrixTests(RealHub hub) : IClassFixture<RealHub>
{
    private static readonly HubRole?[] Roles = [null, HubRole.Viewer, HubRole.Developer, HubRole.Operator, HubRole.Admin];

    [Fact]
    public async Task EveryRoute_WithEveryRole_IsAsItDeclares()
    {
        var wrong = new List<string>();
        var cells = 0;
        foreach (var role in Roles)
        {
            using var client = await ClientAsync(role);
            foreach (var route in ApiStage.Routes(hub.Services))
            {
                if (route.Required is null && route.Open is null)
                    wrong.Add($"{route.Name} declares neither a role nor that it is open.");

                var answer = await SendAsync(client, route);
                var expected = route.Open is not null || role >= route.Required?.Role ? "let in" : role is null ? "401 unauthenticated" : "403 forbidden";
                var actual = answer.Status switch
                {
                    401 when answer.Text.Contains("\"unauthenticated\"", StringComparison.Ordinal) => "401 unauthenticated",
                    403 when answer.Text.Contains("\"forbidden\"", StringComparison.Ordinal) => "403 forbidden",
                    _ => "let in",
                };
                if (actual != expected)
                    wrong.Add($"{route.Name} as {role?.ToString() ?? "nobody"}: expected {expected}, got {answer.Status} {answer.Text}");

                cells++;
            }
        }

        Assert.Empty(wrong);
        Assert.InRange(cells, Roles.Length * 35, int.MaxValue);
    }

    [Fact]
    public async Task HubWideRoutes_RefuseKeysOfAProject_AndNameTheReason()
    {
        using var limited = await hub.AdminAsync("shop");
        var wide = ApiStage.Routes(hub.Services).Where(route => route.HubWide is not null).ToList();

        Assert.NotEmpty(wide);
        foreach (var route in wide)
        {
            var answer = await SendAsync(limited, route);
            Assert.True(answer.Status == 403, $"{route.Name}: {answer.Status}");
            Assert.Contains("not limited to projects", answer["detail"], StringComparison.Ordinal);
        }
    }

    /// <summary>The written table is what is meant; the routes are what is. Lowering a role by mistake shows as a change of the page.</summary>
    [Fact]
    public void Page_IsWhatTheRoutesSay()
    {
        var page = Repository.At("docs", "api-roles.md");
        var current = Write(ApiStage.Routes(hub.Services));
        if (Environment.GetEnvironmentVariable("HUB_UPDATE_DOCS") == "1")
            File.WriteAllText(page, current);

        Assert.True(
            File.Exists(page) && File.ReadAllText(page).ReplaceLineEndings("\n") == current,
            "docs/api-roles.md is not what the routes say. If a role was changed on purpose, run the tests with HUB_UPDATE_DOCS=1, look at the change, and commit it.");
    }

    private static string Write(IEnumerable<ApiRoute> routes)
    {
        var text = new StringBuilder("""
            # Who may do what

            Made from the routes; a test keeps it so. Each role includes those before it: viewer, developer, operator, admin. *Hub-wide* routes concern every project and refuse
            keys that are limited to some; everywhere else such a key sees its own projects, and nothing says whether there are others. More: [access](access.md).

            | route | role | |
            |---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var route in routes)
        {
            var role = route.Required is { Role: var needed } ? needed.ToString().ToLowerInvariant() : "none";
            text.Append($"| `{route.Name}` | {role} | {(route.HubWide is not null ? "hub-wide" : route.Open?.Why)} |\n");
        }

        return text.ToString();
    }

    /// <summary>With ids that do not exist and without a body: who is let in is told what is wrong with that.</summary>
    private static Task<Answer> SendAsync(HttpClient client, ApiRoute route)
    {
        var path = route.Parameters.Aggregate(route.Path, (text, name) => text.Replace($"{{{name}}}", "none_00000000000000000000000000", StringComparison.Ordinal).Replace($"{{**{name}}}", "none", StringComparison.Ordinal));
        return client.SendTextAsync(route.Method, path);
    }

    private async Task<HttpClient> ClientAsync(HubRole? role)
    {
        if (role is null)
            return hub.Client(null);

        using var bootstrap = hub.Bootstrap();
        var created = await bootstrap.SendAsync("POST", "/api/keys", $$"""{"name":"matrix","role":"{{role.ToString()!.ToLowerInvariant()}}"}""");
        return hub.Client(created["key"]);
    }
}
