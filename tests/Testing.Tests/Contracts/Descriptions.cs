using System.Text;
using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>Small descriptions, written for one test.</summary>
internal static class Descriptions
{
    /// <summary>Reads descriptions from files of their own: YAML unless the text begins with a brace.</summary>
    public static async Task<VendorDescription> ReadAsync(params string[] texts)
    {
        var folder = Directory.CreateTempSubdirectory("hub-description-");
        try
        {
            var files = new List<string>();
            foreach (var (index, text) in texts.Index())
            {
                files.Add(Path.Combine(folder.FullName, $"api{index}{(text.StartsWith('{') ? ".json" : ".yaml")}"));
                await File.WriteAllTextAsync(files[^1], text);
            }

            return await VendorDescription.LoadAsync(files, CancellationToken.None);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>One operation, <c>POST /things</c>, that takes a JSON body of a schema (in YAML's flow style, which JSON is).</summary>
    public static Task<VendorDescription> OfBodyAsync(string schema, string version = "3.0.3", string components = "{}") =>
        ReadAsync($"{{\"openapi\":\"{version}\",\"info\":{{\"version\":\"7\"}},\"paths\":{{\"/things\":{{\"post\":{{\"requestBody\":{{\"content\":{{\"application/json\":{{\"schema\":{schema}}}}}}},\"responses\":{{\"200\":{{\"description\":\"\",\"content\":{{\"application/json\":{{\"schema\":{schema}}}}}}}}}}}}}}},\"components\":{{\"schemas\":{components}}}}}");

    /// <summary>One operation, <c>GET /things</c>, with one query parameter called <c>p</c>.</summary>
    public static Task<VendorDescription> OfQueryAsync(string parameter) =>
        ReadAsync($"{{\"openapi\":\"3.0.3\",\"paths\":{{\"/things\":{{\"get\":{{\"parameters\":[{{\"name\":\"p\",\"in\":\"query\",{parameter}}}]}}}}}}}}");

    public static VendorRequest Json(string body, string contentType = "application/json") => Request("POST", "/things", body, contentType);

    public static VendorRequest Form(string body) => Request("POST", "/things", body, "application/x-www-form-urlencoded");

    public static VendorRequest Get(string pathAndQuery, params (string Name, string Value)[] headers) => Request("GET", pathAndQuery, "", null, headers);

    public static VendorRequest Request(string method, string pathAndQuery, string body = "", string? contentType = null, params (string Name, string Value)[] headers) => new()
    {
        Method = method,
        Address = new Uri(pathAndQuery.StartsWith('/') ? "http://127.0.0.1:21400" + pathAndQuery : pathAndQuery),
        Body = Encoding.UTF8.GetBytes(body),
        Headers = headers.Concat(contentType is null ? [] : [("Content-Type", contentType)]).ToLookup(pair => pair.Item1, pair => pair.Item2, StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>The verdict in one line, for comparison: <c>fits</c>, <c>not judged</c>, or the errors' kinds and pointers.</summary>
    public static string Summary(this ContractVerdict verdict) => verdict.Outcome switch
    {
        VerdictOutcome.Fits => "fits",
        VerdictOutcome.NotJudged => "not judged",
        _ => string.Join("; ", verdict.Errors.Select(error => $"{error.Kind} {error.Pointer}")),
    };
}
