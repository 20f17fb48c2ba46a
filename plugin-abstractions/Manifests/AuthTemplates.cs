using IntegrationHub.Templates;

namespace IntegrationHub.Manifests;

/// <summary>The templates of a way to authenticate, and the config fields they cannot do without.</summary>
internal static class AuthTemplates
{
    /// <summary>The config fields that placeholders without a default name, in the order of the templates.</summary>
    public static IReadOnlyList<string> RequiredFields(AuthManifest auth) =>
    [
        .. Of(auth).SelectMany(Required).Where(reference => reference.Root == "config").Select(reference => reference.Path.Split('.')[0]).Where(field => field.Length > 0).Distinct(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Of(AuthManifest auth)
    {
        var texts = new[] { auth.Username, auth.Password, auth.Token }.Concat(auth.Apply?.Headers.Values ?? []).Concat(auth.Apply?.Query.Values ?? []);
        if (auth.Type is AuthType.Oauth2 or AuthType.JwtBearer)
        {
            var assertion = auth.Assertion;
            texts = texts
                .Concat([auth.ClientId, auth.ClientSecret, auth.Issuer, auth.Discovery, auth.AuthorizeUrl, auth.TokenUrl, auth.RevokeUrl, auth.Audience])
                .Concat([assertion?.Credentials, assertion?.Issuer, assertion?.Subject, assertion?.Audience, assertion?.PrivateKey, assertion?.KeyId]);
        }

        return texts.OfType<string>();
    }

    private static IEnumerable<(string Root, string Path)> Required(string text)
    {
        try
        {
            return Template.Compile(text).Required;
        }
        catch (TemplateException)
        {
            // The manifest's rules report it where it stands.
            return [];
        }
    }
}
