using System.Net;
using System.Text.RegularExpressions;

namespace IntegrationHub.Contract.Tests.OAuth;

/// <summary>A person with a browser: keeps cookies, follows redirects, fills in and submits the forms that it meets.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });

    /// <summary>Sees each address before the browser goes there, and may send it elsewhere.</summary>
    public Func<Uri, Uri> Before { get; set; } = address => address;

    /// <summary>Every address it went to.</summary>
    public List<Uri> History { get; } = [];

    /// <summary>Goes there and on, until a page has no form, or an address begins with one of those given.</summary>
    public async Task<Page> GoAsync(Uri address, params string[] until)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Before(address));
        for (var steps = 0; steps < 30; steps++)
        {
            var at = request.RequestUri!;
            History.Add(at);
            if (until.Any(prefix => at.AbsoluteUri.StartsWith(prefix, StringComparison.Ordinal)))
                return new Page(at, 0, "");

            using var response = await client.SendAsync(request);
            request.Dispose();
            var html = await response.Content.ReadAsStringAsync();
            if (response.Headers.Location is { } location)
                request = new HttpRequestMessage(HttpMethod.Get, Before(new Uri(at, location)));
            else if (response.IsSuccessStatusCode && Form().Match(html) is { Success: true } form)
                request = Submit(at, form);
            else
                return new Page(at, (int)response.StatusCode, html);
        }

        throw new InvalidOperationException($"The browser goes in circles: {string.Join(" → ", History.TakeLast(5))}");
    }

    public void Dispose() => client.Dispose();

    private static HttpRequestMessage Submit(Uri at, Match form)
    {
        var action = Attribute(form.Groups[1].Value, "action");
        var fields = Input().Matches(form.Groups[2].Value)
            .Select(input => (Name: Attribute(input.Value, "name"), Value: Attribute(input.Value, "value"), Type: Attribute(input.Value, "type")))
            .Where(input => input.Name is not null)
            .Select(input => new KeyValuePair<string, string>(input.Name!, input.Value ?? (input.Name == "login" ? "somebody" : "anything")));
        return new HttpRequestMessage(HttpMethod.Post, action is null ? at : new Uri(at, action)) { Content = new FormUrlEncodedContent(fields) };
    }

    private static string? Attribute(string tag, string name) => Regex.Match(tag, $"\\b{name}=\"([^\"]*)\"") is { Success: true } match ? WebUtility.HtmlDecode(match.Groups[1].Value) : null;

    [GeneratedRegex("<form([^>]*)>(.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Input();
}

/// <summary>Where a browser ended up.</summary>
internal sealed record Page(Uri Address, int Status, string Html);
